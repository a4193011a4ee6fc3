"""Halving that pauses: who is taken up again, against a slow reading of its rule; brackets and medians."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from search.ledger.ledger import Ledger
from search.ledger.recorder import Recorder
from search.scheduling.brackets import bracket_shares
from search.scheduling.promotion import Promotion
from search.scheduling.rung_order import RungOrder, Standing
from search.scheduling.rung_scheduler import RungScheduler
from search.scheduling.successive_halving import MedianStopping, SuccessiveHalving
from search.scheduling.suggester import SamplingSuggester
from search.study.sections import Budget, Scheduler
from search.study.study import Study
from tests.search_tests.histories import make_study
from trainables.workers.messages import StepReport, StepResult


def standing(*losses: float, violation: float = 0.0) -> Standing:
    return Standing(violation, losses)


def test_the_best_third_is_promoted_and_each_once() -> None:
    halving, order = Promotion(3), random.Random(1).sample(range(30), 30)
    for trial in order:
        halving.record(1, trial, standing(float(trial)))
    promoted = []
    while (found := halving.candidate()) is not None:
        promoted.append(found)
        halving.went_on(*found)
    assert promoted == [(1, trial) for trial in range(10)]


def test_a_trial_that_waited_is_promoted_when_worse_ones_have_come() -> None:
    halving = Promotion(3)
    halving.record(1, 0, standing(0.0))
    halving.record(1, 1, standing(1.0))
    assert halving.candidate() is None
    assert not halving.survives(1, 2, standing(2.0))
    assert halving.candidate() == (1, 0)


def test_the_highest_rung_comes_first() -> None:
    halving = Promotion(2)
    for trial in range(4):
        halving.record(1, trial, standing(float(trial)))
        halving.record(2, trial, standing(float(trial)))
    assert halving.candidate() == (2, 0)


def test_who_breaks_a_constraint_waits_behind_all_who_keep_it() -> None:
    order = RungOrder()
    order.add(0, standing(-100.0, violation=0.5))
    for trial in range(1, 4):
        order.add(trial, standing(float(trial)))
    assert order.best(4, "keep") == [1, 2, 3, 0]


def test_of_a_front_with_too_few_places_the_far_ones_go_on() -> None:
    points = [(0.0, 1.0), (0.45, 0.55), (0.5, 0.5), (0.55, 0.45), (1.0, 0.0), (2.0, 2.0)]
    lenient, strict = SuccessiveHalving(2), SuccessiveHalving(2, ties="epsilon_net")
    for trial, point in enumerate(points):
        lenient.record(1, trial, standing(*point))
        strict.record(1, trial, standing(*point))
    assert lenient.survives(1, 99, standing(0.52, 0.48))
    assert not strict.survives(1, 99, standing(0.52, 0.48))
    assert strict.survives(1, 100, standing(-1.0, 3.0))


def test_the_worse_half_is_stopped_by_the_median() -> None:
    median = MedianStopping(16)
    for trial in range(9):
        median.record(1, trial, standing(float(trial)))
    assert median.survives(1, 100, standing(3.5))
    assert not median.survives(1, 101, standing(5.5))
    assert median.reason(1) == "worse than the median at rung 1"


def test_brackets_are_hyperband_s() -> None:
    assert bracket_shares(Scheduler(rungs=3, brackets=1)) == (1.0,)
    three = bracket_shares(Scheduler(rungs=3, reduction_factor=3, brackets=6))
    assert three == pytest.approx([9 / 3 / 5.5, 3 / 2 / 5.5, 1 / 5.5])  # 3 + 1.5 + 1


class Driver:
    """A session whose only worker trains one trial after the other; a trial's loss is its number."""

    def __init__(self, study: Study, path: Path, target: int) -> None:
        self.ledger, history = Ledger.open(path)
        self.recorder = Recorder(self.ledger, history, [])
        self.scheduler = RungScheduler(study, self.recorder)
        self.scheduler.settle_all()
        self.suggester = SamplingSuggester(study, self.recorder, target)

    def train_one(self) -> bool:
        record = self.scheduler.promote()
        if record is not None:
            self.suggester.goes_on(record)
        elif (proposal := self.suggester.next()) is not None:
            record = proposal.record
        else:
            for waiting in self.scheduler.end_paused():
                self.suggester.told(waiting)
            return False
        while True:
            rung = max(record.rungs, default=0) + 1
            quality = (record.number * 7 % 12) / 12
            metrics = {"probe/accuracy": quality + 0.01 * rung, "sae/dead_fraction": 0.0}
            report = StepReport(rung, rung, metrics)
            if not self.scheduler.goes_on(record.number, StepResult((report,), {"path": "x", "sha256": "0"})):
                self.suggester.told(record)
                return True


def promoting(trials: int) -> Study:
    study = replace(make_study(objectives=1), budget=Budget(trials=trials))
    return replace(study, scheduler=Scheduler(name="promotion", rungs=3, reduction_factor=3))


def test_a_search_that_promotes_ends_every_trial_with_what_it_earned(tmp_path: Path) -> None:
    driver = Driver(promoting(24), tmp_path / "trials.jsonl", 24)
    while driver.train_one():
        pass
    trials = driver.recorder.history.trials
    assert len(trials) == 24
    assert {record.state for record in trials.values()} == {"COMPLETE", "PRUNED"}
    complete = [record for record in trials.values() if record.state == "COMPLETE"]
    assert all(record.values == (record.rungs[3].metrics["probe/accuracy"],) for record in complete)
    pruned = [record for record in trials.values() if record.state == "PRUNED"]
    assert all(3 not in record.rungs and record.values is None for record in pruned)
    by_rung = [sum(rung in record.rungs for record in trials.values()) for rung in (1, 2, 3)]
    assert by_rung[0] == 24
    assert 8 <= by_rung[1] <= 12  # the default on top, and some that were among the best while few had come
    assert 2 <= by_rung[2] <= by_rung[1] - 4
    best = {n for n in trials if n * 7 % 12 == 11}
    assert best & {record.number for record in complete}
    assert all("never in the top 1/3" in (r.reason or "") for r in trials.values() if r.state == "PRUNED")
    driver.ledger.close()


def test_a_resumed_search_promotes_as_the_unbroken_one(tmp_path: Path) -> None:
    def told(driver: Driver) -> list[object]:
        return [(r.params, r.state, r.decisions, r.values) for r in driver.recorder.history.trials.values()]

    unbroken = Driver(promoting(20), tmp_path / "a.jsonl", 20)
    while unbroken.train_one():
        pass
    broken = Driver(promoting(20), tmp_path / "b.jsonl", 20)
    while True:
        broken.ledger.close()
        broken = Driver(promoting(20), tmp_path / "b.jsonl", 20)
        if not (broken.train_one() and broken.train_one()):
            break
    assert told(broken) == told(unbroken)
    unbroken.ledger.close()
    broken.ledger.close()
