"""What a confirmation says of its controls and guards, from planted differences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats

from search.confirmation.estimates import Confirmed, Estimate
from search.confirmation.subjects import Subject
from search.confirmation.verdict import against_controls, guard_warnings, is_better, sentences
from search.study.sections import Constraint
from tests.search_tests.histories import make_study

METRIC = "attribution/junk"


def confirmed(differences: dict[str, tuple[float, float]], n: int = 3) -> Confirmed:
    """Junk .6, and what each control's is above it, with the standard error of that."""
    means = {name: 0.6 - mean for name, (mean, _) in differences.items()} | {"pipeline": 0.6}
    return Confirmed(
        subject=Subject(17, False),
        seeds=tuple(range(n)),
        failures=(),
        values={},
        estimates={name: {METRIC: Estimate(mean, 0.01, n)} for name, mean in means.items()},
        gaps={},
        minus_controls={name: {METRIC: Estimate(mean, se, n)} for name, (mean, se) in differences.items()},
        minus_default={},
    )


def test_a_control_that_does_as_well_is_named_with_its_value() -> None:
    """The digits winner's junk beside that of a random dictionary: a hundredth better, within its error."""
    found = confirmed({"identity": (-0.3, 0.01), "pca": (0.1, 0.01), "random_dictionary": (-0.01, 0.01)})
    assert against_controls(found, METRIC, "min") == (
        "Trial 0017: the trained SAE is not clearly better in attribution/junk, 0.600, than pca (0.500) and "
        "random dictionary (0.610)."
    )


def test_better_than_all_is_said_too() -> None:
    found = confirmed({"identity": (-0.3, 0.01), "pca": (-0.2, 0.01)})
    assert against_controls(found, METRIC, "min").endswith(
        "better than every control in attribution/junk, 0.600."
    )
    assert "not clearly" in against_controls(found, METRIC, "max")


def test_an_unknown_metric_says_nothing() -> None:
    assert against_controls(confirmed({}), METRIC, "min") == ""


@pytest.mark.parametrize(("mean", "clear"), [(2.0, False), (2.2, True)])
def test_clear_is_where_students_interval_leaves_zero_out(mean: float, clear: bool) -> None:
    """t(.975, 10) = 2.23 standard errors."""
    limit = float(stats.t.ppf(0.975, 10))
    assert (mean * 1.015 > limit) == clear
    assert is_better(Estimate(mean * 1.015, 1.0, 11), "max") == clear
    assert not is_better(Estimate(mean, 1.0, 11), "min")


def test_one_seed_makes_nothing_clear() -> None:
    assert not is_better(Estimate(5.0, None, 1), "max")


def test_a_winner_that_pays_in_a_guard_is_warned_of() -> None:
    study = replace(make_study(), constraints=(Constraint("sae/l0", max=16),))
    worse = {
        "classifier/accuracy": Estimate(-0.02, 0.001, 3),
        "sae/l0": Estimate(40.0, 1.0, 3),
        "sae/dead_fraction": Estimate(-0.1, 0.001, 3),
        "probe/accuracy": Estimate(-0.5, 0.001, 3),
    }
    found = replace(confirmed({"pca": (-0.2, 0.01)}), minus_default=worse)
    assert guard_warnings(study, found) == [
        "Warning: trial 0017 is clearly worse than the default in sae/l0 (+40.000, n = 3).",
        "Warning: trial 0017 is clearly worse than the default in classifier/accuracy (-0.020, n = 3).",
    ]
    told = sentences(study, [found, replace(found, subject=Subject(0, True))])
    assert told[-2:] == guard_warnings(study, found)
    assert not any("0000" in sentence for sentence in told)
