"""Rank correlation with the truth: scipy's, its sign, its interval, its null."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from analysis.planted.correlation import correlation

KEYS = [(f"recipe {i}", seed) for seed in range(3) for i in range(20)]


def table(values: np.ndarray) -> dict[tuple[str, int], float]:
    return dict(zip(KEYS, values.tolist(), strict=True))


def test_it_is_the_mean_of_scipys_within_seeds_whatever_lies_between_them() -> None:
    rng = np.random.default_rng(0)
    truth, metric = rng.normal(size=(2, 60))
    metric += 0.5 * truth
    per_seed = [spearmanr(metric[i : i + 20], truth[i : i + 20]).statistic for i in (0, 20, 40)]
    shifted = metric + np.repeat([0, 100, -50], 20)
    for values in (metric, shifted):
        assert correlation(table(values), table(truth), "max").rho == pytest.approx(np.mean(per_seed))
    assert correlation(table(metric), table(truth), "min").rho == pytest.approx(-np.mean(per_seed))


def test_a_metric_that_knows_nothing_has_zero_in_its_interval_about_as_often_as_it_should() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(8):
        found = correlation(table(rng.normal(size=60)), table(rng.normal(size=60)), "max")
        covered += found.low <= 0 <= found.high
    assert covered >= 6


def test_seeds_of_one_recipe_are_no_independent_witnesses() -> None:
    """The same ranks in every seed: three seeds say no more than one."""
    rng = np.random.default_rng(2)
    truth, metric = rng.normal(size=(2, 20))
    thrice = correlation(table(np.tile(metric, 3)), table(np.tile(truth, 3)), "max")
    once = correlation(
        {key: v for key, v in table(np.tile(metric, 3)).items() if key[1] == 0},
        {key: v for key, v in table(np.tile(truth, 3)).items() if key[1] == 0},
        "max",
    )
    assert (thrice.low, thrice.high) == pytest.approx((once.low, once.high))
    assert thrice.low < thrice.rho < thrice.high


def test_the_truth_itself_is_perfect_and_what_does_not_vary_is_nan() -> None:
    truth = table(np.random.default_rng(3).normal(size=60))
    perfect = correlation(truth, truth, "max")
    assert (perfect.rho, perfect.low, perfect.high) == pytest.approx((1, 1, 1))
    assert np.isnan(correlation(table(np.ones(60)), truth, "max").rho)
