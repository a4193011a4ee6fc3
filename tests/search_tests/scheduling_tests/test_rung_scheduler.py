"""What is recorded, in which order, and when a trial ends; with a real ledger on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from search.errors import ClusterError, DiskError, Halt, TooManyFailures
from search.ledger.events import Decision, End, Result, Suggest
from search.ledger.ledger import Ledger, read
from search.ledger.recorder import Recorder
from search.scheduling.rung_scheduler import (
    RungScheduler,
    leave_if_the_machine_is_at_fault,
    standing_at,
)
from search.study.sections import Budget, Constraint
from search.study.study import Study
from tests.search_tests.histories import make_params, make_study
from trainables.workers.messages import StepReport, StepResult


class Lease:
    """Ledger, recorder and scheduler of one session over a file."""

    def __init__(self, study: Study, path: Path) -> None:
        self.path = path
        self.ledger, history = Ledger.open(path)
        self.recorder = Recorder(self.ledger, history, [])
        self.scheduler = RungScheduler(study, self.recorder)

    def suggest(self, number: int) -> None:
        self.recorder.suggest(number, make_params(), "sampler")

    def reach(self, number: int, rung: int, accuracy: float, junk: float, dead: float = 0.0) -> bool:
        metrics = {"probe/accuracy": accuracy, "attribution/junk": junk, "sae/dead_fraction": dead}
        return self.scheduler.goes_on(number, step(StepReport(rung, rung, metrics)))

    def state(self, number: int) -> str:
        return self.recorder.history.trials[number].state


def step(*reports: StepReport, next_rung: int | None = None, failure: str | None = None) -> StepResult:
    return StepResult(reports, {"path": "checkpoint/x", "sha256": "0"}, next_rung, failure)


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Lease]:
    driver = Lease(make_study(), tmp_path / "trials.jsonl")
    yield driver
    driver.ledger.close()


def test_a_trial_that_passes_every_rung_is_complete_with_its_values(driver: Lease) -> None:
    driver.suggest(0)
    assert driver.reach(0, 1, 0.5, 0.9)
    assert driver.reach(0, 2, 0.7, 0.8)
    assert not driver.reach(0, 3, 0.9, 0.7)
    record = driver.recorder.history.trials[0]
    assert (record.state, record.values) == ("COMPLETE", (0.9, 0.7))
    assert record.decisions == {1: "continue", 2: "continue"}


def test_a_dominated_trial_is_pruned_and_the_file_says_so_in_order(driver: Lease) -> None:
    driver.suggest(0)
    driver.suggest(1)
    driver.reach(0, 1, 0.9, 0.1)
    assert not driver.reach(1, 1, 0.5, 0.5)
    assert driver.state(1) == "PRUNED"
    about_1 = [type(event) for event in read(driver.path)[0] if getattr(event, "trial", None) == 1]
    assert about_1 == [Suggest, Result, Decision, End]


def test_a_missing_objective_fails_the_trial_and_names_it(driver: Lease) -> None:
    driver.suggest(0)
    assert not driver.scheduler.goes_on(0, step(StepReport(1, 1, {"probe/accuracy": 0.9})))
    record = driver.recorder.history.trials[0]
    assert record.state == "FAIL"
    assert "attribution/junk" in (record.reason or "")


def test_too_many_failures_halt_the_search(tmp_path: Path) -> None:
    study = replace(make_study(), budget=Budget(trials=9, max_failures=1))
    driver = Lease(study, tmp_path / "trials.jsonl")
    driver.suggest(0)
    driver.suggest(1)
    assert not driver.scheduler.goes_on(0, step(failure="diverged: sae/fvu is nan"))
    with pytest.raises(Halt) as halt:
        driver.scheduler.goes_on(1, step(failure="ValueError: x"))
    assert isinstance(halt.value.cause, TooManyFailures)
    assert driver.state(1) == "FAIL"
    driver.ledger.close()


def test_a_step_that_is_sent_twice_counts_once(driver: Lease) -> None:
    driver.suggest(0)
    driver.suggest(1)
    driver.reach(0, 1, 0.9, 0.1)
    before = driver.path.read_bytes()
    assert driver.reach(0, 1, 0.9, 0.1)
    assert driver.path.read_bytes() == before


def test_a_retried_trial_keeps_its_verdict(driver: Lease) -> None:
    """At its first visit trial 0 was alone and went on; by the second visit better ones have come."""
    for number in range(5):
        driver.suggest(number)
    assert driver.reach(0, 1, 0.1, 0.9)
    for number in range(1, 5):
        driver.reach(number, 1, 0.9, 0.1)
    assert driver.reach(0, 1, 0.1, 0.9)


@pytest.mark.parametrize("acknowledged", range(4, 13))
def test_a_new_session_goes_on_where_any_prefix_of_the_ledger_ends(tmp_path: Path, acknowledged: int) -> None:
    """Cut the ledger after any event; replaying the same steps leads to the same end."""
    study, whole = make_study(), tmp_path / "whole.jsonl"

    def play(driver: Lease) -> dict[int, tuple[str, dict[int, str]]]:
        driver.scheduler.settle_all()
        for number in range(4):
            if number not in driver.recorder.history.trials:
                driver.suggest(number)
        for rung in (1, 2, 3):
            for number in range(4):
                if driver.state(number) == "RUNNING":
                    driver.reach(number, rung, 0.5 + number / 10, 0.5 + number / 10 + rung / 100)
        driver.ledger.close()
        return {n: (t.state, t.decisions) for n, t in driver.recorder.history.trials.items()}

    expected = play(Lease(study, whole))
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(whole.read_bytes().splitlines(keepends=True)[:acknowledged]))
    assert play(Lease(study, cut)) == expected


def test_a_hopeless_classifier_is_stopped_before_its_sae_is_trained(tmp_path: Path) -> None:
    study = replace(make_study(), constraints=(Constraint(metric="classifier/accuracy", min=0.9),))
    driver = Lease(study, tmp_path / "trials.jsonl")
    metrics = {"probe/accuracy": 0.5, "attribution/junk": 0.5, "classifier/accuracy": 0.95}
    for number in range(3):
        driver.suggest(number)
        driver.scheduler.goes_on(number, step(StepReport(1, 1, metrics)))
    driver.suggest(3)
    epoch = StepReport(1, None, {"classifier/accuracy": 0.4})
    assert not driver.scheduler.goes_on(3, step(epoch, next_rung=1))
    record = driver.recorder.history.trials[3]
    assert record.state == "PRUNED"
    assert "classifier/accuracy" in (record.reason or "")
    driver.suggest(4)
    good = StepReport(1, None, {"classifier/accuracy": 0.92})
    assert driver.scheduler.goes_on(4, step(good, next_rung=1))
    driver.ledger.close()


@pytest.mark.parametrize(
    ("failure", "kind", "said"),
    [
        ("disk: /x: No space left", DiskError, "trial 3 could not write: /x: No space left"),
        ("member: machine a: sae: no SAE is called 'x'", ClusterError, "trial 3: machine a: sae: no SAE is"),
    ],
)
def test_what_is_the_machine_s_fault_ends_the_search(failure: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(Halt) as caught:
        leave_if_the_machine_is_at_fault(3, StepResult(failure=failure))
    assert isinstance(caught.value.cause, kind)
    assert str(caught.value).startswith(said)
    leave_if_the_machine_is_at_fault(3, StepResult(failure="ValueError: of the trial's own"))


def test_standing_turns_maximised_objectives_round_and_counts_violations() -> None:
    study = make_study()
    metrics = {"probe/accuracy": 0.9, "attribution/junk": 0.4, "sae/dead_fraction": 0.25}
    standing = standing_at(study, metrics)
    assert standing is not None
    assert standing.losses == (-0.9, 0.4)
    assert standing.violation == pytest.approx(0.15)
    without = standing_at(study, {"probe/accuracy": 0.9, "attribution/junk": 0.4})
    assert without is not None
    assert without.violation == float("inf")
    assert standing_at(study, {"probe/accuracy": float("nan"), "attribution/junk": 0.4}) is None
