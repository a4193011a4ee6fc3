"""Who comes next in a confirmation, and when a training is over.

Its ledger has the events of a search's; a trial's params are {"trial": of the search, "replicate": fresh},
its rungs those of `trainables.confirmation.rungs`: 1 on val at the end of the training, then the test
scores of the pipeline and of each control.
"""

from __future__ import annotations

from collections.abc import Sequence

from search.confirmation.subjects import Task
from search.errors import Halt, TooManyFailures
from search.ledger.history import History, TrialRecord
from search.ledger.recorder import Recorder
from search.scheduling.lost_process import LOST_PROCESS, OUT_OF_MEMORY
from search.scheduling.rung_scheduler import leave_if_the_machine_is_at_fault
from search.scheduling.suggester import Suggestion
from trainables.confirmation.rungs import LAST_RUNG
from trainables.workers.messages import StepResult

ORIGIN = "confirmation"
TRY_AGAIN = (LOST_PROCESS, OUT_OF_MEMORY, "timeout:")
"""Beginnings of failures that a further run of the command may mend: the machine's doing, not the
configuration's."""


def task_of(record: TrialRecord) -> Task:
    """What a trial of a confirmation's ledger trains."""
    return Task(int(record.params["trial"]), int(record.params["replicate"]))


def latest(history: History) -> dict[Task, TrialRecord]:
    """The newest training of every task that was ever begun."""
    return {task_of(record): record for _, record in sorted(history.trials.items())}


def owed(wanted: Sequence[Task], history: History) -> tuple[list[TrialRecord], list[Task]]:
    """Trainings that go on, and those that begin: they never ran, or may be tried again."""
    known = latest(history)
    unfinished = [known[task] for task in wanted if task in known and known[task].state == "RUNNING"]
    return unfinished, [task for task in wanted if task not in known or _to_be_tried_again(known[task])]


class TaskSuggester:
    """Hands out what is owed of `wanted`: the unfinished first, then what never ran or may be tried again."""

    def __init__(self, wanted: Sequence[Task], recorder: Recorder) -> None:
        self._recorder = recorder
        self._unfinished, self._fresh = owed(wanted, recorder.history)

    @property
    def owed(self) -> int:
        """Trainings that are still to be handed out."""
        return len(self._unfinished) + len(self._fresh)

    def next(self) -> Suggestion | None:
        """The next training, recorded; None when no more are owed."""
        if self._unfinished:
            return Suggestion(self._unfinished.pop(0), is_new=False)
        if not self._fresh:
            return None
        task = self._fresh.pop(0)
        number = len(self._recorder.history.trials)
        self._recorder.suggest(number, {"trial": task.trial, "replicate": task.replicate}, ORIGIN)
        return Suggestion(self._recorder.history.trials[number], is_new=True)

    def told(self, record: TrialRecord) -> None:
        """Nobody learns from a confirmation."""

    def goes_on(self, record: TrialRecord) -> None:
        """Nothing is paused in a confirmation."""


class LastRungScheduler:
    """Lets every training go on to its last score. None is stopped early, whatever its values."""

    def __init__(self, recorder: Recorder, max_failures: int) -> None:
        self._recorder = recorder
        self._max_failures = max_failures
        self._failed = 0

    def goes_on(self, number: int, step: StepResult) -> bool:
        """Record the step; False if the training is over, which is then recorded too."""
        leave_if_the_machine_is_at_fault(number, step)
        if step.failure is not None:
            self.fail(number, step.failure)
            return False
        self._recorder.results(number, step.reports, step.checkpoint)
        if not step.reports or step.reports[-1].rung != LAST_RUNG:
            return True
        self._recorder.end(number, "COMPLETE")
        return False

    def settle_all(self) -> None:
        """End what an earlier session saw through without living to record it."""
        for record in self._recorder.history.in_state("RUNNING"):
            if LAST_RUNG in record.rungs:
                self._recorder.end(record.number, "COMPLETE")

    def promote(self) -> TrialRecord | None:
        """Nothing is paused in a confirmation."""
        return None

    def end_paused(self) -> list[TrialRecord]:
        """Nothing is paused in a confirmation."""
        return []

    def fail(self, number: int, reason: str) -> None:
        """End a training as FAIL; raises Halt when more fail in this session than the budget allows."""
        self._recorder.end(number, "FAIL", reason=reason)
        self._failed += 1
        if self._failed > self._max_failures:
            raise Halt(
                TooManyFailures(
                    f"{self._failed} trainings failed, more than budget.max_failures = {self._max_failures}; "
                    f"the last: {reason}"
                )
            )


def _to_be_tried_again(record: TrialRecord) -> bool:
    return record.state == "FAIL" and (record.reason or "").startswith(TRY_AGAIN)
