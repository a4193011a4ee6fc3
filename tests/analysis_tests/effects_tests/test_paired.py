"""Effects against planted ones and numpy, and their coverage where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.effects.paired import arm_metrics, effect, grain_of, level, metric, paired_difference
from search.ledger.events import parse
from search.ledger.history import History


def history(
    values: dict[tuple[str, int], float], states: dict[tuple[str, int], str] | None = None
) -> History:
    """One trial for each (direction, replicate), its only metric m."""
    found = History()
    for number, ((direction, replicate), value) in enumerate(values.items()):
        params = {"direction": direction, "replicate": replicate}
        state = (states or {}).get((direction, replicate), "COMPLETE")
        common = {"trial": number, "time": 0.0}
        found.apply(parse({"event": "suggest", "params": params, "origin": f"design:{direction}", **common}))
        report = {"epoch": 1, "metrics": {"m": value}, "checkpoint": None}
        found.apply(parse({"event": "result", "rung": 1, **report, **common}))
        found.apply(parse({"event": "end", "state": state, "reason": None, "values": None, **common}))
    return found


def test_mean_and_standard_error_agree_with_numpy() -> None:
    values = np.random.default_rng(0).normal(size=7)
    found = effect(values.tolist())
    assert found.mean == pytest.approx(values.mean())
    assert found.standard_error == pytest.approx(values.std(ddof=1) / math.sqrt(7))
    assert found.n == 7


def test_too_few_values_are_never_clear() -> None:
    assert math.isnan(effect([]).mean)
    assert not effect([]).is_clear
    assert not effect([9.0]).is_clear


def test_a_planted_difference_is_found_under_a_large_common_spread() -> None:
    """Replicates differ by 10, arms by 1 +- 0.1: only the pairs tell."""
    rng = np.random.default_rng(1)
    values = {}
    for replicate in range(6):
        common = 10 * rng.normal()
        values["default", replicate] = common
        values["x", replicate] = common + 1 + 0.1 * rng.normal()
    arms = arm_metrics(history(values))
    found = paired_difference(arms, "x", lambda metrics: metrics["m"])
    assert found.mean == pytest.approx(1, abs=0.2)
    assert found.is_clear
    assert level(arms, "x", lambda metrics: metrics["m"]).standard_error > 10 * found.standard_error


def test_one_null_effect_in_twenty_looks_clear() -> None:
    rng = np.random.default_rng(2)
    clear = sum(effect(rng.normal(size=5).tolist()).is_clear for _ in range(2000))
    assert 70 <= clear <= 130


def test_only_whole_pairs_of_full_trials_count() -> None:
    values = {("default", 0): 0.0, ("x", 0): 1.0, ("default", 1): 0.0, ("x", 1): 5.0, ("x", 2): 7.0}
    found = paired_difference(
        arm_metrics(history(values, {("x", 1): "FAIL"})), "x", lambda metrics: metrics["m"]
    )
    assert (found.mean, found.n) == (1.0, 1)


def test_two_pairs_that_agree_to_the_last_image_are_no_certainty() -> None:
    """Accuracies on 1,000 images: both differences are 2 images, and p was 0."""
    arms = {
        "default": {0: {"a": 0.900}, 1: {"a": 0.910}},
        "other": {0: {"a": 0.902}, 1: {"a": 0.912}},
        "third": {0: {"a": 0.903}, 1: {}},
    }
    assert grain_of(arms, metric("a")) == pytest.approx(0.001)
    found = paired_difference(arms, "other", metric("a"))
    assert found.mean == pytest.approx(0.002)
    assert found.standard_error == pytest.approx(0.001 / (6 * 2) ** 0.5)
    assert 0.05 < found.p_value < 0.2
    assert not found.is_clear


def test_the_floor_is_what_rounding_does() -> None:
    """True values uniform within a grain: differences of two rounded ones have the variance grain^2 / 6."""
    draw = np.random.default_rng(0)
    a, b = draw.uniform(0, 50, 100_000), draw.uniform(0, 50, 100_000)
    errors = (np.round(a) - np.round(b)) - (a - b)
    assert errors.var() == pytest.approx(1 / 6, rel=0.02)
