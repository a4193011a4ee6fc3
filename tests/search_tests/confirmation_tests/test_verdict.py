"""What a confirmation says of its controls and guards, from planted differences."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from scipy import stats

from search.confirmation.estimates import Confirmed, Estimate
from search.confirmation.subjects import Subject
from search.confirmation.verdict import (
    against_panel,
    guard_warnings,
    is_better,
    panel_sentence,
    sentences,
)
from search.study.sections import Constraint, Objective
from search.study.study import Study
from tests.search_tests.histories import make_study

METRIC = "attribution/junk"


def wishing() -> Study:
    return replace(make_study(), objectives=(Objective(metric=METRIC, mode="min"),))


def confirmed(differences: dict[str, tuple[float, float | None]], n: int = 3) -> Confirmed:
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


def test_controls_that_do_as_well_are_named_with_their_values_the_best_first() -> None:
    """The digits winner's junk beside that of a random dictionary: a hundredth better, within its error."""
    found = confirmed({"neurons": (-0.3, 0.01), "kmeans": (0.004, 0.01), "random_dictionary": (-0.01, 0.01)})
    assert against_panel(found, METRIC, "min") == (
        "not clearly better in attribution/junk, 0.600, than k-means (0.596) and a random dictionary (0.610)"
    )


def test_better_than_all_is_said_with_the_best_of_them() -> None:
    found = confirmed({"neurons": (-0.3, 0.01), "pca": (-0.2, 0.01)})
    assert against_panel(found, METRIC, "min") == (
        "clearly better than the whole panel in attribution/junk, 0.600, its best being PCA (0.800)"
    )
    assert "clearly better" not in against_panel(found, METRIC, "max")


def test_worse_is_told_apart_from_not_better() -> None:
    found = confirmed({"neurons": (-0.3, 0.01), "pca": (0.1, 0.01), "nmf": (0.0, 0.01)})
    assert against_panel(found, METRIC, "min") == (
        "clearly worse in attribution/junk, 0.600, than PCA (0.500), and not clearly better than NMF (0.600)"
    )


def test_one_seed_judges_nothing() -> None:
    found = confirmed({"neurons": (-0.3, None), "pca": (-0.2, None)}, n=1)
    said = against_panel(found, METRIC, "min")
    assert said.startswith("not yet to be judged in attribution/junk, 0.600, beside PCA (0.800)")
    assert "clearly" not in said


def test_many_are_counted() -> None:
    names = ("pca", "nmf", "kmeans", "neurons", "data_points", "untrained")
    found = confirmed({name: (0.001 * place, 0.01) for place, name in enumerate(names)})
    assert against_panel(found, METRIC, "min").endswith("k-means (0.598) and 2 more")


def test_the_ceiling_is_told_and_not_held_against_the_sae() -> None:
    found = confirmed({"pca": (-0.2, 0.01), "class_means": (0.3, 0.01)})
    assert panel_sentence(wishing(), found) == (
        "Trial 0017: the trained SAE is clearly better than the whole panel in attribution/junk, 0.600, its "
        "best being PCA (0.800). The ceiling, differences of class means: attribution/junk 0.300."
    )


def test_an_unknown_metric_says_nothing() -> None:
    assert against_panel(confirmed({}), METRIC, "min") == ""
    assert panel_sentence(wishing(), confirmed({})) == ""


def test_no_metric_is_called_both_clear_and_not_clear() -> None:
    """Whatever the differences: of one metric the sentence says one thing."""
    for sizes in itertools.product((-0.3, 0.0, 0.3), repeat=3):
        found = confirmed({name: (m, 0.01) for name, m in zip(("pca", "nmf", "kmeans"), sizes, strict=True)})
        said = panel_sentence(wishing(), found)
        verdicts = ("SAE is clearly better", "SAE is not clearly", "SAE is clearly worse")
        assert sum(verdict in said for verdict in verdicts) == 1
        assert ("clearly better than the whole panel" in said) == all(size < 0 for size in sizes)
        assert ("clearly worse" in said) == any(size > 0 for size in sizes)


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
    study = replace(make_study(), constraints=(Constraint(metric="sae/l0", max=16),))
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


def test_one_seed_warns_of_a_guard_without_calling_it_clear() -> None:
    found = replace(
        confirmed({"pca": (-0.2, None)}, n=1),
        minus_default={
            "classifier/accuracy": Estimate(-0.02, None, 1),
            "sae/dead_fraction": Estimate(-0.1, None, 1),
        },
    )
    assert guard_warnings(wishing(), found) == [
        "Warning: trial 0017 is worse than the default in classifier/accuracy (-0.020, n = 1)."
    ]
