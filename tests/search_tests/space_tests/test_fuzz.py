"""Whatever the text, the answer is a Study or a SpaceError: 10,000 texts in all."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.errors import SpaceError
from search.space.loader import load_text
from tests.search_tests.space_texts import HEAD, SPACES

TEXTS = [path.read_text(encoding="utf-8") for path in SPACES]
NAMES = [
    "name",
    "question",
    "data",
    "objectives",
    "metric",
    "mode",
    "trial",
    "sae",
    "basis",
    "kind",
    "topk",
    "relu",
    "width",
    "k",
    "l1",
    "choice",
    "int",
    "log_int",
    "uniform",
    "log_uniform",
    "when",
    "or",
    "default",
    "probe/accuracy",
    "max",
    "auxiliary",
    "replicate",
    "budget",
    "sae.kind",
    "sae.k",
    "sae.width",
]
SYNTAX = [
    "<<",
    "&a",
    "*a",
    "!!int",
    "!x",
    "~",
    "null",
    "true",
    "1e-3",
    ".nan",
    "-.inf",
    "0",
    "-1",
    "8",
    "1e400",
    "'",
    "|",
    ">",
    "?",
    "---",
    "...",
    "#",
    "@",
    "`",
]
ODD = ["9" * 90, '"', "%YAML 1.2", "\t", "\ufeff", "\x00", "\u2028", "\ud800", "é", "\U0001f600"]
WORDS = [*NAMES, *SYNTAX, *ODD]
GLUE = st.sampled_from([": ", ", ", " ", "\n", "\n  ", "\n    ", "- ", "{", "}", "[", "]", ":", "\r\n"])
TOKENS = st.one_of(st.sampled_from(WORDS), GLUE, st.text(max_size=3))
PROFILE = settings(suppress_health_check=list(HealthCheck))


def answer(text: str, overrides: tuple[str, ...] = ()) -> None:
    try:
        loaded = load_text(text, "fuzz.yaml", overrides)
    except SpaceError:
        return
    assert load_text(loaded.resolved_text, "again.yaml").study == loaded.study


@settings(PROFILE, max_examples=700)
@given(st.lists(TOKENS, max_size=25).map("".join))
def test_token_soup(text: str) -> None:
    answer(text)


@settings(PROFILE, max_examples=300)
@given(st.lists(TOKENS, max_size=15).map("".join))
def test_token_soup_where_a_trial_belongs(text: str) -> None:
    answer(f"{HEAD}trial:\n  sae:\n    {text}")


@settings(PROFILE, max_examples=300)
@given(
    st.recursive(
        st.sampled_from([None, True, 0, 1, 4, 8.5, 64, -1, "topk", "relu", "sae.kind", "raw"]),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_shape_under_sae(value: object) -> None:
    text = repr(value).replace("None", "null").replace("True", "true")
    answer(f"{HEAD}trial: {{sae: {text}}}\n")
    answer(f"{HEAD}trial: {{sae: {{width: {text}, kind: {{choice: [relu, topk]}}, k: {{int: [2, 4]}}}}}}\n")


@settings(PROFILE, max_examples=400)
@given(st.data())
def test_mutated_shipped_spaces(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from([0, 0, 1, 2, 5, 30]))
        text = text[:start] + data.draw(TOKENS) + text[start + length :]
    answer(text)


@settings(PROFILE, max_examples=200)
@given(
    st.sampled_from(
        ["trial.sae.k", "trial", "budget.trials", "objectives", "trial.sae.kind", "", "a..b", "name.x"]
    ),
    st.lists(TOKENS, max_size=8).map("".join),
)
def test_overrides(key: str, value: str) -> None:
    answer(TEXTS[0], (f"{key}={value}",))
