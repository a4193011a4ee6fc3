"""When a search ends before its trials are spent, by times and values that are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from search.console.summary import _counts_sentence
from search.ranking.leaderboard import leaderboard
from search.scheduling.limits import Limits, busy_seconds
from search.study.sections import Budget, Resources
from tests.search_tests.histories import Run, make_study


def limits(run: Run, budget: Budget, cpu: float = 1.0) -> Limits:
    study = replace(run.study, budget=budget, resources=Resources(cpu=cpu))
    return Limits(study, run.history, lambda: run.now)


def test_hours_are_those_of_all_sessions_and_not_of_the_time_between() -> None:
    run = Run(make_study())
    run.suggest(0)
    run.now += 3600
    run.rung(0, 1, 0.9, 0.5)
    run.now += 100_000
    run.tell(event="session", command=None, host="here", pid=1, target=12)
    run.now += 1800
    told = limits(run, Budget(hours=1.6))
    assert told.seconds == pytest.approx(3602 + 1800)
    assert told.reached() is None
    assert limits(run, Budget(hours=1.5)).reached() == "budget.hours = 1.5 are over"


def test_processor_hours_count_cores_and_no_waiting() -> None:
    run = Run(make_study())
    run.suggest(0)
    run.now += 100 - 1
    run.rung(0, 1, 0.9, 0.5)
    run.tell(event="decision", trial=0, rung=1, action="pause")
    run.now += 10_000
    run.tell(event="decision", trial=0, rung=1, action="continue")
    run.now += 300 - 1
    run.rung(0, 2, 0.9, 0.5)
    assert busy_seconds(run.history.trials[0], run.history) == pytest.approx(400)
    told = limits(run, Budget(processor_hours=0.4), cpu=4.0)
    assert told.processor_seconds == pytest.approx(1600)
    assert told.reached() == "budget.processor_hours = 0.4 are spent"
    assert limits(run, Budget(processor_hours=0.4), cpu=1.0).reached() is None


def test_a_session_that_broke_a_trial_off_does_not_count_as_work() -> None:
    run = Run(make_study())
    run.suggest(0)
    run.now += 5000
    run.tell(event="session", command=None, host="here", pid=1, target=12)
    run.now += 10 - 1
    run.rung(0, 1, 0.9, 0.5)
    assert busy_seconds(run.history.trials[0], run.history) == pytest.approx(10)


def test_a_front_that_grows_no_more_is_a_plateau() -> None:
    run, budget = Run(make_study(trials=40)), Budget(plateau_trials=5, plateau_gain=0.01)
    for trial in range(6):
        run.complete(trial, 0.5 + 0.05 * trial, 0.9 - 0.05 * trial)
    assert limits(run, budget).reached() is None  # each was better than all before
    for trial in range(6, 11):
        run.complete(trial, 0.6, 0.9)
    assert "plateau_trials = 5" in (limits(run, budget).reached() or "")
    run.complete(11, 0.99, 0.1)
    assert limits(run, budget).reached() is None


def test_trials_outside_the_constraints_are_no_growth() -> None:
    run, budget = Run(make_study(trials=40)), Budget(plateau_trials=3)
    run.complete(0, 0.5, 0.9)
    for trial in range(1, 5):
        run.complete(trial, 0.9 + 0.01 * trial, 0.1, dead=0.9)
    assert limits(run, budget).reached() is not None


def test_the_summary_says_which_limit_it_was() -> None:
    run = Run(make_study(trials=12))
    run.complete(0, 0.9, 0.5)
    study = replace(run.study, budget=Budget(trials=12, hours=0.001))
    sentence = _counts_sentence(study, run.history, leaderboard(study, run.history))
    assert sentence.endswith("No further trial began: budget.hours = 0.001 are over.")
    assert "began" not in _counts_sentence(run.study, run.history, leaderboard(run.study, run.history))
