"""Tests, bounds and power of paired differences, against scipy and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.concept_verdict.paired import Paired, holm, paired, power, seeds_needed
from analysis.concept_verdict.rule import Rule

RNG = np.random.default_rng(0)


def test_p_and_bounds_are_those_of_the_paired_t_test() -> None:
    a, b = RNG.normal(0.3, 1, 9), RNG.normal(0, 1, 9)
    found = paired(list(a), list(b))
    oracle = stats.ttest_rel(a, b, alternative="greater")
    assert found.p_above() == pytest.approx(oracle.pvalue)
    assert found.p_below() == pytest.approx(1 - oracle.pvalue)
    assert found.p_above(0.2) == pytest.approx(stats.ttest_1samp(a - b, 0.2, alternative="greater").pvalue)
    low, high = stats.ttest_rel(a, b).confidence_interval(0.9)
    assert found.bounds(0.05) == pytest.approx((low, high))


def test_the_effect_is_in_pooled_deviations_over_seeds() -> None:
    found = paired([2.0, 4.0, 6.0], [0.0, 2.0, 4.0])
    assert (found.mean, found.deviation, found.pooled, found.effect) == (2.0, 0.0, 2.0, 1.0)
    assert found.p_above() == 0.0
    assert paired([1.0], [0.0]).p_above() == 1.0
    with pytest.raises(ValueError, match="no pairs"):
        paired([1.0, 2.0], [1.0])


def test_holm_by_hand() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"only": 0.2}) == {"only": 0.2}


def test_power_is_the_share_of_tests_that_find_it() -> None:
    draws = RNG.normal(0.8, 1, (4000, 8))
    share = (stats.ttest_1samp(draws, 0, axis=1, alternative="greater").pvalue < 0.025).mean()
    assert power(0.8, 8, 0.025) == pytest.approx(share, abs=0.02)
    needed = seeds_needed(0.8, 0.025, 0.8)
    assert needed is not None
    assert power(0.8, needed, 0.025) >= 0.8 > power(0.8, needed - 1, 0.025)
    assert seeds_needed(0.0, 0.025, 0.8) is None
    assert seeds_needed(0.01, 0.025, 0.8) is None


def test_looks_spend_no_more_than_alpha() -> None:
    rule = Rule()
    spent = [rule.level(look) for look in range(1, 5000)]
    assert sum(spent) < rule.alpha
    assert sum(spent) > 0.999 * rule.alpha
    assert spent == sorted(spent, reverse=True)
    with pytest.raises(ValueError, match="count from 1"):
        rule.level(0)


def test_no_spread_at_all_is_no_division_by_0() -> None:
    assert Paired(5, 0.0, 0.0, 0.0).effect == 0.0
    assert Paired(5, 1.0, 0.0, 0.0).effect == float("inf")
    assert Paired(5, 0.0, 0.0, 0.0).p_above() == 1.0
