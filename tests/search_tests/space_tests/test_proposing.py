"""Samplers that do not go with their space, and what a run of before says of its sampler."""

from __future__ import annotations

import pytest

from search.errors import SpaceError
from search.space.loader import load_text
from search.space.writer import resolved_text

HEAD = "name: x\nquestion: y\nsampler: {name: cma_es}\nobjectives: [{metric: probe/accuracy, mode: max}]\n"
NUMBERS = "trial: {sae: {kind: topk, width: {log_int: [32, 64]}, k: {int: [2, 8]}}}\n"


def test_cma_es_takes_a_space_of_numbers() -> None:
    assert load_text(HEAD + NUMBERS, "x").study.sampler.name == "cma_es"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "trial: {sae: {kind: {choice: [topk, relu]}, width: {int: [32, 64]}, k: {int: [2, 8]}}}",
            "sae.kind, sae.k",
        ),
        ("trial: {sae: {kind: topk, k: {int: [2, 8]}}}", "two parameters"),
        ("trial: {auxiliary: {activation_l1: {uniform: [1, 2], or: 0}}}", "auxiliary.activation_l1 cannot"),
    ],
)
def test_cma_es_says_what_it_cannot_draw(text: str, said: str) -> None:
    with pytest.raises(SpaceError, match=rf"x:3:17: sampler.name: cma_es .*{said}.*; take tpe"):
        load_text(HEAD + text, "x")


def test_cma_es_has_one_objective() -> None:
    two = HEAD.replace("max}]", "max}, {metric: sae/fvu, mode: min}]")
    with pytest.raises(SpaceError, match="has one objective, not 2"):
        load_text(two + NUMBERS, "x")


def test_a_misspelt_sampler_is_told_the_nearest() -> None:
    with pytest.raises(SpaceError, match="did you mean 'cma_es'"):
        load_text(HEAD.replace("cma_es", "cmaes") + NUMBERS, "x")


def test_a_run_of_before_is_shown_all_its_trials() -> None:
    text = resolved_text(load_text(HEAD + NUMBERS, "x").study)
    assert "history: 500" in text
    assert load_text(text, "x").study.sampler.history == 500
    before = text.replace("  history: 500\n", "")
    assert load_text(before, "x").study.sampler.history == 0
