"""A space loads exactly if no draw breaks a rule: held against brute force over small spaces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.errors import SpaceError
from search.space import rules
from search.space.loader import load_text
from search.study.domains import Scalar
from search.study.study import Study, default_params
from tests.search_tests.space_texts import all_draws, with_trial
from trainables.config import built_in_rules

RULES = built_in_rules()
small = st.sampled_from([1, 2, 3, 4, 5])
sizes = st.sampled_from([4, 5, 6, 8])


@st.composite
def number(draw: st.DrawFn, values: st.SearchStrategy[int], when: str) -> str:
    """A constant or a small domain, perhaps conditional, perhaps with a switch."""
    shape = draw(st.sampled_from(["constant", "choice", "int"]))
    a, b = draw(st.tuples(values, values).filter(lambda ends: ends[0] != ends[1]))
    if shape == "constant":
        return str(a)
    domain = f"choice: [{a}, {b}]" if shape == "choice" else f"int: [{min(a, b)}, {max(a, b)}]"
    condition = f", when: {{{when}}}" if when and draw(st.booleans()) else ""
    switch = f", or: {draw(st.sampled_from([7, 4]))}" if shape == "int" and draw(st.booleans()) else ""
    return f"{{{domain}{condition}{switch}}}"


@st.composite
def bodies(draw: st.DrawFn) -> str:
    hidden = draw(number(sizes, ""))
    width = draw(number(sizes, draw(st.sampled_from(["basis.kind: pca", "sae.kind: topk"]))))
    k = draw(number(small, draw(st.sampled_from(["basis.kind: raw", "basis.kind: [pca]"]))))
    components = draw(number(sizes, "sae.kind: relu"))
    return (
        f"  classifier: {{hidden_size: {hidden}}}\n"
        f"  basis: {{kind: {{choice: [raw, pca]}}, components: {components}}}\n"
        f"  sae: {{kind: {{choice: [relu, topk]}}, width: {width}, k: {k}}}\n"
    )


def broken_rules(study: Study, params: dict[str, Scalar]) -> list[str]:
    trial = study.trial_config(params)
    broken = []
    for rule in RULES:
        owners = [(getattr(trial, section), name) for section, name in (p.split(".") for p in rule.fields)]
        if all(hasattr(owner, name) for owner, name in owners):
            values = [getattr(owner, name) for owner, name in owners]
            if not rule.holds(*values):
                broken.append(rule.sentence)
    return broken


@settings(max_examples=250)
@given(bodies())
def test_refused_exactly_if_some_draw_breaks_a_rule(body: str) -> None:
    text = with_trial(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "declared_rules", lambda _: {})
        study = load_text(text, "x.yaml").study
    draws = [*all_draws(study), default_params(study)]
    expected = sorted({sentence for params in draws for sentence in broken_rules(study, params)})
    try:
        load_text(text, "x.yaml")
        message = ""
    except SpaceError as error:
        message = str(error)
    found = sorted(rule.sentence for rule in RULES if rule.sentence in message)
    assert found == expected, f"{text}\n{message}"


@settings(max_examples=150)
@given(bodies())
def test_resolved_text_means_the_same_whatever_the_space(body: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "declared_rules", lambda _: {})
        loaded = load_text(with_trial(body), "x.yaml")
        again = load_text(loaded.resolved_text, "y.yaml")
    assert again.study == loaded.study
    assert again.resolved_text == loaded.resolved_text
