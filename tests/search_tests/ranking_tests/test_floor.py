"""A count is called within the floor unless it stands two standard errors above."""

from __future__ import annotations

import pytest

from search.ranking.floor import LATER, READABLE, SUPPORTED, count_words, floor_words


@pytest.mark.parametrize(
    ("value", "words"),
    [(10.0, "floor 4"), (6.1, "floor 4"), (5.9, "within the floor 4"), (1.0, "within the floor 4")],
)
def test_two_standard_errors(value: float, words: str) -> None:
    metrics = {
        "latents/readable": value,
        "latents/readable_se": 0.8,
        "latents/readable_floor": 4.0,
        "latents/readable_floor_se": 0.6,
    }
    assert floor_words(READABLE, metrics) == words


def test_at_a_rung_the_floor_is_told_to_come() -> None:
    assert floor_words(READABLE, {READABLE: 3.0}) == LATER
    assert count_words(READABLE, {READABLE: 3.0}) == f"3 ({LATER})"
    assert floor_words(READABLE, {"latents/readable_floor": 3.0}) is None


@pytest.mark.parametrize(("value", "words"), [(3.0, "floor 2"), (2.0, "within the floor 2")])
def test_a_count_without_an_error_has_to_stand_above(value: float, words: str) -> None:
    assert floor_words(SUPPORTED, {SUPPORTED: value, "latents/supported_floor": 2.0}) == words


def test_a_floor_stands_beside_no_other_metric() -> None:
    metrics = {READABLE: 3.0, "latents/readable_floor": 4.0, "probe/accuracy": 0.9}
    assert floor_words("probe/accuracy", metrics) is None
    assert count_words("probe/accuracy", metrics) == "0.9"
