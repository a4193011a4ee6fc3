"""Importances: what was planted leads by both methods; few, constant, conditional and damaged trials."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.effects.importance import FEWEST_TRIALS, MOST_TRIALS, Importances, importances
from analysis.effects.settings import drawn_settings
from search.ledger.history import History
from search.study.domains import Choice, Condition, FloatRange, Parameter
from search.study.sections import Objective
from search.study.study import Study
from tests.analysis_tests.effects_tests.planted import Searched, history_of, params_of, planted_study

PARAMETERS = (
    Parameter("strong", FloatRange(0.0, 1.0)),
    Parameter("weak", FloatRange(0.0, 1.0)),
    Parameter("kind", Choice(("a", "b"))),
    Parameter("inner", FloatRange(0.0, 1.0), (Condition("kind", ("b",)),)),
    Parameter("single", Choice(("only",))),
)
OBJECTIVES = (
    Objective.model_construct(metric="first", mode="max"),
    Objective.model_construct(metric="second", mode="min"),
)


@pytest.fixture(scope="module")
def study() -> Study:
    return replace(planted_study(PARAMETERS), objectives=OBJECTIVES)


def run_of(study: Study, n: int, seed: int = 0) -> Searched:
    """`first` rises with strong, `second` falls with inner where kind has it."""
    rng = np.random.default_rng(seed)
    settings = drawn_settings(study, rng.random((n, 2 * len(study.parameters))), {})
    noise = 0.05 * rng.normal(size=(2, n))
    inner = np.where(settings["inner"].on, settings["inner"].place, 0.0)
    metrics = {"first": settings["strong"].place + noise[0], "second": -inner + noise[1]}
    return Searched(study, history_of(params_of(study, settings), metrics))


@pytest.fixture(scope="module")
def told(study: Study) -> dict[tuple[str, str], Importances]:
    """Of 80 trials, by objective and method."""
    return {
        (found.objective, found.method): found for found in importances(run_of(study, 80), permutations=0)
    }


def test_what_was_planted_leads(told: dict[tuple[str, str], Importances]) -> None:
    assert len(told) == 4
    for method in ("fANOVA", "PED-ANOVA"):
        first = told["first", method]
        assert first.shares[0].path == "strong"
        assert first.shares[0].share > 0.5
        assert sum(parameter.share for parameter in first.shares) == pytest.approx(1)
        assert (first.reason, first.n_trials) == (None, 80)


def test_what_was_planted_passes_chance(study: Study) -> None:
    for found in importances(run_of(study, 40), permutations=3):
        by_path = {parameter.path: parameter for parameter in found.shares}
        assert by_path["single"].chance is None
        assert not by_path["single"].is_clear
        if found.objective == "first":
            assert by_path["strong"].is_clear


def test_noise_passes_chance_about_once_in_twenty(study: Study) -> None:
    passed = []
    for seed in range(3):
        run = run_of(study, 30, seed)
        for trial in run.history.trials.values():
            trial.values = tuple(np.random.default_rng([seed, trial.number]).normal(size=2))
        told = importances(run, methods=("PED-ANOVA",))[0]
        passed += [parameter.is_clear for parameter in told.shares if parameter.path != "single"]
    assert len(passed) == 12
    assert sum(passed) <= 2


def test_conditional_parameters_are_ped_anovas_alone(told: dict[tuple[str, str], Importances]) -> None:
    assert told["second", "fANOVA"].left_out == ("inner",)
    assert told["second", "fANOVA"].shares[0].path == "kind"
    assert told["second", "PED-ANOVA"].left_out == ()
    assert told["second", "PED-ANOVA"].shares[0].path == "inner"


def test_a_parameter_of_one_value_accounts_for_nothing(study: Study) -> None:
    run = run_of(study, 30)
    for trial in run.history.trials.values():
        trial.params["weak"] = 0.5
    for found in importances(run, permutations=0):
        shares = {parameter.path: parameter.share for parameter in found.shares}
        assert shares["single"] == shares["weak"] == 0


def test_the_better_end_counts_whichever_way_an_objective_goes(study: Study) -> None:
    """PED-ANOVA looks at the best trials: turned over, it must look at the same ones."""
    run = run_of(study, 30)
    turned = replace(
        study,
        objectives=(
            Objective.model_construct(metric="first", mode="min"),
            Objective.model_construct(metric="second", mode="max"),
        ),
    )
    over = Searched(turned, run_of(study, 30).history)
    for trial in over.history.trials.values():
        assert trial.values is not None
        trial.values = tuple(-value for value in trial.values)
    for before, after in zip(
        importances(run, permutations=0), importances(over, permutations=0), strict=True
    ):
        shares = {parameter.path: parameter.share for parameter in before.shares}
        assert shares == pytest.approx({parameter.path: parameter.share for parameter in after.shares})


def test_the_same_seed_gives_the_same_shares(study: Study) -> None:
    run = run_of(study, 25)
    assert importances(run, permutations=2) == importances(run, permutations=2)


@pytest.mark.parametrize("n", [0, 1, FEWEST_TRIALS - 1])
def test_too_few_trials_have_a_reason(study: Study, n: int) -> None:
    found = importances(run_of(study, n))
    assert len(found) == 4
    assert all(not each.shares and each.reason and "too few" in each.reason for each in found)


def test_only_full_trials_of_the_space_count(study: Study) -> None:
    run = run_of(study, 30)
    trials = run.history.trials
    trials[0].state, trials[0].values = "PRUNED", None
    trials[1].values = (math.nan, 1.0)
    trials[2].params["kind"] = "another"
    trials[3].params["strong"] = 7.0
    trials[4].params["unknown"] = 1
    trials[5].params["weak"] = "text"
    assert {found.n_trials for found in importances(run, permutations=0)} == {24}


def test_equal_scores_have_a_reason(study: Study) -> None:
    run = run_of(study, 25)
    for trial in run.history.trials.values():
        trial.values = (1.0, 1.0)
    assert all(
        found.reason and "score the same" in found.reason for found in importances(run, permutations=0)
    )


def test_a_space_without_variation_has_a_reason() -> None:
    study = replace(planted_study((Parameter("single", Choice(("only",))),)), objectives=OBJECTIVES)
    values = np.arange(30.0)
    run = Searched(study, history_of([{"single": "only"}] * 30, {"first": values, "second": values}))
    assert all(found.reason and not found.shares for found in importances(run, permutations=0))


def test_of_very_many_trials_the_forest_gets_some() -> None:
    study = planted_study((Parameter("strong", FloatRange(0.0, 1.0)), Parameter("kind", Choice(("a", "b")))))
    n = MOST_TRIALS["fANOVA"] + 50
    settings = drawn_settings(study, np.random.default_rng(0).random((n, 4)), {})
    run = Searched(study, history_of(params_of(study, settings), {"m": settings["strong"].place}))
    forest, best = importances(run, permutations=0)
    assert (forest.n_trials, best.n_trials) == (n - 50, n)
    assert forest.shares[0].path == best.shares[0].path == "strong"


def test_a_space_that_cannot_be_read_has_none() -> None:
    assert importances(Searched(None, History())) == ()
