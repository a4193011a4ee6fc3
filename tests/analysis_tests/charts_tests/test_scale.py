"""Scales: places by hand, ticks that are round, inside and few."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest

from analysis.charts.scale import (
    Bands,
    Numeric,
    Steps,
    Switched,
    fitted,
    linear_ticks,
    log_ticks,
    thinned,
    tick_label,
)


def test_places_by_hand() -> None:
    assert Numeric(2.0, 6.0).share(3) == 0.25
    assert Numeric(0.01, 100.0, log=True).share(1.0) == pytest.approx(0.5)
    assert Bands(("raw", "pca", True, 1)).share(1) == 0.875
    assert Bands(("raw", "pca", True, 1)).share(True) == 0.625
    assert Steps(("1/9", "1/3", "all")).share(2) == 0.5
    assert Switched(0.0, Numeric(0.001, 10.0, log=True), gap=0.2).share(10.0) == 1.0
    assert Switched(0.0, Numeric(0.001, 10.0, log=True), gap=0.2).share(0.001) == pytest.approx(0.2)
    assert 0 < (Switched(0.0, Numeric(0.001, 10.0, log=True), gap=0.2).share(0.0) or 0) < 0.2


@pytest.mark.parametrize("value", [math.nan, math.inf, "text"])
def test_what_has_no_place(value: float | str) -> None:
    assert Numeric(0.0, 1.0).share(value) is None
    assert Bands(("raw",)).share(value) is None
    assert Steps(("all",)).share(value) is None
    assert Numeric(0.1, 1.0, log=True).share(-1) is None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.86, 0.98, [0.86, 0.88, 0.9, 0.92, 0.94, 0.96, 0.98]),
        (-3.0, 4.0, [-2.0, 0.0, 2.0, 4.0]),
        (0.0, 5000.0, [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0]),
        (7.0, 7.0, [7.0]),
    ],
)
def test_linear_ticks_by_hand(low: float, high: float, expected: list[float]) -> None:
    assert linear_ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (16, 64, [20, 30, 40, 50, 60]),
        (0.01, 10, [0.01, 0.1, 1, 10]),
        (1e-8, 1.0, [1e-8, 1e-6, 1e-4, 1e-2, 1.0]),
    ],
)
def test_log_ticks_by_hand(low: float, high: float, expected: list[float]) -> None:
    assert log_ticks(low, high) == pytest.approx(expected)


def test_ticks_of_any_range_are_few_inside_and_told_apart() -> None:
    random_ = random.Random(0)
    for _ in range(500):
        low = random_.uniform(-1, 1) * 10 ** random_.randint(-6, 6)
        high = low + 10 ** random_.uniform(-5, 6)
        scale = Numeric(low, high)
        if scale.high - scale.low < 1e-9 * abs(low):
            continue
        values = linear_ticks(low, high)
        assert 1 <= len(values) <= 7
        assert all(low - 1e-6 * (high - low) <= value <= high + 1e-6 * (high - low) for value in values)
        log = Numeric(10 ** random_.uniform(-6, 0), 10 ** random_.uniform(0.3, 6), log=True)
        places = [share for share, _ in log.ticks()]
        assert 1 <= len(places) <= 7
        assert all(a < b for a, b in pairwise(places))
        assert all(-1e-6 <= place <= 1 + 1e-6 for place in places)


def test_labels_have_the_decimals_of_their_step() -> None:
    assert [tick_label(value, 0.05) for value in (0.85, 0.9, 0.0)] == ["0.85", "0.90", "0"]
    assert [tick_label(value) for value in (0.00001, 200000, 0.001, 512)] == ["1e-5", "2e5", "0.001", "512"]


def test_a_fitted_scale_holds_everything_finite() -> None:
    scale = fitted([0.5, math.nan, 0.9, math.inf])
    assert scale.low < 0.5 < 0.9 < scale.high
    assert fitted([]) == Numeric(0.0, 1.0)
    assert fitted([3.0]).share(3.0) == pytest.approx(0.5)


def test_thinning_keeps_the_ends_and_the_number() -> None:
    assert thinned(range(5), 9) == [0, 1, 2, 3, 4]
    kept = thinned(range(1000), 11)
    assert (len(kept), kept[0], kept[-1]) == (11, 0, 999)
    assert {b - a for a, b in pairwise(kept)} <= {99, 100, 101}
    assert thinned(range(5), 1) == [0]
    assert thinned(range(5), 0) == []
