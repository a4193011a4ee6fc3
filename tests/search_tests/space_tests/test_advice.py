"""Objectives that mean little get a sentence, and a space that bounds no sparsity the line to add."""

from __future__ import annotations

import pytest

from search.space.advice import advice
from search.space.loader import load_study, load_text
from tests.search_tests.space_texts import ROOT
from trainables.metrics.catalog import METRICS

SPACE = """\
name: x
question: What?
data: {{name: digits}}
objectives: [{objectives}]
constraints: [{constraints}]
"""
L0 = "{metric: sae/l0, max: 16}"


def told(objectives: str, constraints: str = L0) -> list[str]:
    return advice(load_text(SPACE.format(objectives=objectives, constraints=constraints), "x.yaml").study)


def test_a_bound_on_sparsity_is_asked_for() -> None:
    (sentence,) = told("{metric: latents/readable, mode: max}", "{metric: sae/dead_fraction, max: 0.1}")
    assert L0 in sentence
    assert told("{metric: latents/readable, mode: max}") == []
    assert not any("constraint" in s for s in told("{metric: sae/l0, mode: min}", ""))


def test_references_and_chance_levels_are_no_merit() -> None:
    for metric, own in (
        ("selectivity/purity_null", "selectivity/purity"),
        ("latents/readable_se", "latents/readable"),
    ):
        (sentence,) = told(f"{{metric: {metric}, mode: max}}")
        assert metric in sentence
        assert sentence.endswith(f"{own} is")


def test_a_proxy_alone_is_called_one() -> None:
    (sentence,) = told("{metric: probe/accuracy, mode: max}")
    assert METRICS["probe/accuracy"].metric.proxy
    assert "the objective probe/accuracy is a proxy" in sentence
    assert "latents/readable" in sentence


def test_junk_wants_a_companion() -> None:
    (sentence,) = told("{metric: attribution/junk, mode: min}")
    assert "can be had without reading" in sentence
    assert "latents/readable" in sentence
    assert told("{metric: attribution/junk, mode: min}, {metric: latents/readable, mode: max}") == []


@pytest.mark.parametrize("name", ["sae", "mnist", "directions", "smoke"])
def test_the_shipped_searches_need_none(name: str) -> None:
    study = load_study(ROOT / "spaces" / f"{name}.yaml").study
    assert advice(study) == []
    assert study.objectives[0].metric == "latents/readable"
