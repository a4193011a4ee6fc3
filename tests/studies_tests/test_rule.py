"""The plan's rule on numbers that are worked out by hand or simulated."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from analysis.effects.paired import metric
from search.study.design import DEFAULT_ARM
from studies.mnist.rule import detectable_difference, findings, holm

GOOD = {
    "classifier/accuracy": 0.96,
    "splice/accuracy_drop": 0.01,
    "sae/l0": 8.0,
    "sae/dense_fraction": 0.0,
    "sae/rare_fraction": 0.01,
}


def arms(**supported: list[float]) -> dict[str, dict[int, dict[str, float]]]:
    """Arm -> replicate -> metrics, of counts above a floor of 1."""
    return {
        name: {
            k: {**GOOD, "latents/supported": count + 1, "latents/supported_floor": 1.0}
            for k, count in enumerate(counts)
        }
        for name, counts in supported.items()
    }


def test_holm_steps_down() -> None:
    """The example of Holm's procedure: 4 p-values, multiplied by 4, 3, 2, 1 and never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_test_that_could_not_be_made_still_counts() -> None:
    corrected = holm([0.01, math.nan])
    assert corrected[0] == pytest.approx(0.02)
    assert math.isnan(corrected[1])


def test_what_could_be_seen_is_seen_with_that_power() -> None:
    generator = np.random.default_rng(0)
    true = detectable_difference(1 / math.sqrt(5), 5, 0.05)  # of differences with standard deviation 1
    draws = generator.normal(true, 1, (20_000, 5))
    found = stats.ttest_1samp(draws, 0, axis=1).pvalue <= 0.05
    # The standard error of a draw varies; the noncentral t accounts for it.
    assert found.mean() == pytest.approx(0.8, abs=0.01)


def test_a_large_steady_effect_helps_and_its_mirror_harms() -> None:
    trials = arms(default=[10, 11, 9, 10, 10], more=[30, 32, 29, 31, 30], less=[0, 1, 0, 1, 0])
    more, less = findings(trials, ["more", "less"])
    assert (more.verdict, less.verdict) == ("helps", "harms")
    assert more.difference.mean == pytest.approx(20.4)


def test_an_effect_below_three_latents_is_none_however_sure() -> None:
    trials = arms(default=[0, 0, 0, 0, 0], little=[2, 2, 2, 2, 2.01])
    (found,) = findings(trials, ["little"])
    assert found.holm < 0.001
    assert found.verdict == "no clear effect"


def test_noise_is_no_clear_effect() -> None:
    (found,) = findings(arms(default=[0, 9, 3, 7, 1], other=[9, 1, 4, 2, 8]), ["other"])
    assert found.verdict == "no clear effect"
    assert found.detectable > 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classifier/accuracy", 0.95),
        ("splice/accuracy_drop", 0.06),
        ("sae/l0", 17.0),
        ("sae/dense_fraction", 0.03),
        ("sae/rare_fraction", 0.2),
    ],
)
def test_what_breaks_a_guard_does_not_help(name: str, value: float) -> None:
    trials = arms(default=[10, 11, 9, 10, 10], more=[30, 32, 29, 31, 30])
    for metrics in trials["more"].values():
        metrics[name] = value
    (found,) = findings(trials, ["more"])
    assert found.verdict == "breaks a guard"
    assert [guard.metric for guard in found.broken] == [name]


def test_a_count_within_its_own_floor_is_no_gain() -> None:
    trials = arms(default=[0, 0, 1, 0, 0], untrained=[0, 1, 0, 0, 1])
    for metrics in trials["untrained"].values():  # the network's floor rises with the count
        metrics["latents/supported"] += 40
        metrics["latents/supported_floor"] += 40
    (found,) = findings(trials, ["untrained"])
    assert found.verdict == "no clear effect"


def test_one_replicate_gives_no_verdict() -> None:
    (found,) = findings(arms(default=[1], more=[50]), ["more"])
    assert found.verdict == "not enough pairs"


def test_the_default_is_what_pairs_are_made_with() -> None:
    trials = arms(default=[1, 2], more=[5, 6])
    (found,) = findings(trials, ["more"], metric("latents/supported"))
    assert DEFAULT_ARM == "default"
    assert found.difference.n == 2
