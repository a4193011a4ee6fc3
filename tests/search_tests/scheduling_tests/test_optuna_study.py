"""The live study: proposals repeat across restarts, and each end is told as the design says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from optuna.trial import TrialState

from search.ledger.events import parse
from search.ledger.history import History
from search.scheduling.live_study import LiveStudy
from search.study.domains import Scalar
from search.study.sections import Sampler
from search.study.study import Study
from tests.search_tests.histories import make_study

FATES = ("COMPLETE", "PRUNED", "PRUNED", "FAIL")
REASONS = {"FAIL": "diverged: sae/fvu is nan", "LOST": "lost: the worker process died 2 times"}


def play(
    study: Study, n_trials: int, *, restart_at: int | None = None
) -> tuple[list[dict[str, Scalar]], LiveStudy]:
    """Propose and end `n_trials` trials one after the other; a restart rebuilds the book from the history."""
    book, history, proposals = LiveStudy(study), History(), []
    for number in range(n_trials):
        if number == restart_at:
            book = LiveStudy(study)
            for _, record in sorted(history.trials.items()):
                book.begin(record)
                book.finish(record)
        params = book.propose()
        proposals.append(params)
        history.apply(
            parse({"event": "suggest", "trial": number, "params": params, "origin": "sampler", "time": 0.0})
        )
        record = history.trials[number]
        chance = random.Random(number)
        metrics = {m: chance.random() for m in ("probe/accuracy", "attribution/junk", "sae/dead_fraction")}
        state = FATES[number % len(FATES)]
        result = {"event": "result", "trial": number, "epoch": 2, "rung": 1, "metrics": metrics, "time": 0.0}
        history.apply(parse({**result, "checkpoint": None}))
        values = [metrics[o.metric] for o in study.objectives] if state == "COMPLETE" else None
        reason = None if state != "FAIL" else REASONS["LOST" if number % 8 == 3 else "FAIL"]
        end = {
            "event": "end",
            "trial": number,
            "state": state,
            "reason": reason,
            "values": values,
            "time": 0.0,
        }
        history.apply(parse(end))
        book.finish(record)
    return proposals, book


@pytest.mark.parametrize("objectives", [1, 2])
@pytest.mark.parametrize("sampler", ["tpe", "random", "sobol", "nsga2", "optuna.samplers:NSGAIIISampler"])
def test_a_restart_does_not_change_what_is_proposed(objectives: int, sampler: str) -> None:
    study = replace(make_study(objectives=objectives), sampler=Sampler(name=sampler, startup_trials=5))
    unbroken, _ = play(study, 24)
    resumed, _ = play(study, 24, restart_at=13)
    assert resumed == unbroken


def test_seeds_differ_and_repeat() -> None:
    study = make_study()
    other = replace(study, budget=study.budget.model_copy(update={"seed": 1}))
    assert play(study, 5)[0] == play(study, 5)[0]
    assert play(study, 5)[0] != play(other, 5)[0]
    first = play(study, 5)[0]
    assert len({str(params) for params in first}) > 1


def test_every_proposal_is_a_valid_trial_without_inactive_parameters() -> None:
    study = make_study()
    proposals, _ = play(study, 40)
    for params in proposals:
        study.trial_config(params)
        assert ("basis.components" in params) == (params["basis.kind"] == "pca")
        assert ("sae.k" in params) == (params["sae.kind"] == "topk")
        assert ("auxiliary.junk_penalty" in params) == params["auxiliary.junk_penalty?"]
    assert {params["auxiliary.junk_penalty?"] for params in proposals} == {True, False}


def test_states_with_one_objective() -> None:
    _, book = play(make_study(objectives=1), 8)
    trials = book.optuna_study.trials
    assert [t.state for t in trials[:3]] == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED]
    assert trials[1].intermediate_values.keys() == {1}
    # Number 7 failed by its own making: pruned without values. Number 3 lost its process: teaches nothing.
    assert trials[7].state is TrialState.PRUNED
    assert trials[7].values is None
    assert trials[7].intermediate_values == {}
    assert trials[3].state is TrialState.FAIL


def test_states_with_two_objectives() -> None:
    _, book = play(make_study(objectives=2), 8)
    trials = book.optuna_study.trials
    assert [t.state for t in trials[:2]] == [TrialState.COMPLETE, TrialState.PRUNED]
    assert trials[1].values is None
    assert len(trials[0].values) == 2


def test_pareto_front_holds_only_full_budget_feasible_trials() -> None:
    _, book = play(make_study(objectives=2), 40)
    for best in book.optuna_study.best_trials:
        assert best.number % len(FATES) == 0
        assert all(value <= 0 for value in best.constraints.values())


def test_a_crash_is_not_preferred_to_an_infeasible_trial() -> None:
    """Optuna takes a missing constraint for one that holds; a failed trial must not look feasible by it."""
    _, book = play(make_study(objectives=2), 8)
    assert book.optuna_study.trials[7].constraints == {"sae/dead_fraction": 1e12}


def test_fixed_params_are_taken_as_they_are() -> None:
    fixed: dict[str, Scalar] = {
        "classifier.hidden_size": 32,
        "basis.kind": "pca",
        "basis.components": 9,
        "sae.kind": "topk",
        "sae.width": 100,
        "sae.k": 3,
        "auxiliary.junk_penalty?": False,
    }
    assert LiveStudy(make_study()).propose(fixed) == fixed
