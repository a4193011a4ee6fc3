"""A confirmation's ledger: what is owed after every kind of end, and when a training is over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search.confirmation.schedule import LastRungScheduler, TaskSuggester, latest, task_of
from search.confirmation.subjects import Task
from search.errors import DiskError, Halt, TooManyFailures
from search.ledger.events import Result
from search.ledger.ledger import Ledger, read
from search.ledger.recorder import Recorder
from trainables.confirmation.rungs import LAST_RUNG, SCORED, TRAINED_RUNG, rung_of
from trainables.workers.messages import StepReport, StepResult

WANTED = [Task(3, 500_000), Task(0, 500_000), Task(3, 500_001)]


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    ledger, history = Ledger.open(tmp_path / "trials.jsonl")
    yield Recorder(ledger, history, [])
    ledger.close()


def step(rung: int | None = None, failure: str | None = None, epoch: int = 4) -> StepResult:
    reports: tuple[dict[str, Any], ...] = (StepReport(epoch, rung, {"probe/accuracy": 0.9}),)
    return StepResult(() if failure else reports, None, None, failure)


def hand_out(recorder: Recorder, wanted: list[Task] = WANTED) -> list[Task]:
    suggester = TaskSuggester(wanted, recorder)
    owed = suggester.owed
    out = []
    while (proposal := suggester.next()) is not None:
        out.append(task_of(proposal.record))
    assert len(out) == owed
    return out


def test_everything_is_handed_out_once_in_order(recorder: Recorder) -> None:
    assert hand_out(recorder) == WANTED
    assert sorted(recorder.history.trials) == [0, 1, 2]


def test_after_a_crash_the_unfinished_come_first_under_their_own_numbers(recorder: Recorder) -> None:
    suggester = TaskSuggester(WANTED, recorder)
    first, second = suggester.next(), suggester.next()
    assert first is not None
    assert second is not None
    recorder.end(first.record.number, "COMPLETE")
    assert hand_out(recorder) == [WANTED[1], WANTED[2]]
    assert sorted(recorder.history.trials) == [0, 1, 2]


def test_what_is_done_is_not_done_again_and_more_seeds_add(recorder: Recorder) -> None:
    for number, _ in enumerate(hand_out(recorder)):
        recorder.end(number, "COMPLETE")
    assert hand_out(recorder) == []
    assert hand_out(recorder, [*WANTED, Task(0, 500_001)]) == [Task(0, 500_001)]


@pytest.mark.parametrize(
    ("reason", "again"),
    [
        ("lost: the worker process died 2 times", True),
        ("timeout: longer than 4 x budget.trial_timeout_s = 9", True),
        ("diverged: sae/fvu is nan", False),
        ("ValueError: a shape is wrong", False),
    ],
)
def test_only_what_the_machine_did_is_tried_again(recorder: Recorder, reason: str, again: bool) -> None:
    hand_out(recorder)
    recorder.end(0, "FAIL", reason=reason)
    recorder.end(1, "COMPLETE")
    recorder.end(2, "COMPLETE")
    assert hand_out(recorder) == ([WANTED[0]] if again else [])
    assert latest(recorder.history)[WANTED[0]].number == (3 if again else 0)


def test_a_training_ends_with_its_last_score(recorder: Recorder) -> None:
    hand_out(recorder)
    scheduler = LastRungScheduler(recorder, max_failures=0)
    assert scheduler.goes_on(0, step(None, epoch=2))
    rungs = [TRAINED_RUNG, *(rung_of(name) for name in SCORED)]
    for rung in rungs[:-1]:
        assert scheduler.goes_on(0, step(rung))
    assert not scheduler.goes_on(0, step(LAST_RUNG))
    assert recorder.history.trials[0].state == "COMPLETE"
    assert sorted(recorder.history.trials[0].rungs) == rungs


def test_repeated_steps_of_a_retried_training_are_recorded_once(recorder: Recorder, tmp_path: Path) -> None:
    hand_out(recorder)
    scheduler = LastRungScheduler(recorder, max_failures=0)
    for rung in (1, 2, 1, 2, 3):
        assert scheduler.goes_on(0, step(rung))
    written = [event.rung for event in read(tmp_path / "trials.jsonl")[0] if isinstance(event, Result)]
    assert written == [1, 2, 3]


def test_an_end_that_was_not_lived_to_be_recorded_is_settled(recorder: Recorder) -> None:
    hand_out(recorder)
    recorder.results(0, [StepReport(4, LAST_RUNG, {})], None)
    LastRungScheduler(recorder, max_failures=0).settle_all()
    assert [record.number for record in recorder.history.in_state("COMPLETE")] == [0]


def test_failures_beyond_the_budget_and_a_full_disk_end_it(recorder: Recorder) -> None:
    hand_out(recorder)
    scheduler = LastRungScheduler(recorder, max_failures=1)
    assert not scheduler.goes_on(0, step(failure="diverged: x"))
    with pytest.raises(Halt) as halted:
        scheduler.goes_on(1, step(failure="diverged: y"))
    assert isinstance(halted.value.cause, TooManyFailures)
    with pytest.raises(Halt) as full:
        scheduler.goes_on(2, step(failure="disk: no space"))
    assert isinstance(full.value.cause, DiskError)
    assert recorder.history.trials[2].state == "RUNNING", "a full disk is no training's fault"
