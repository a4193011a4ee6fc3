"""The three objects Ray Tune calls: searcher, scheduler, callback. They only translate.

Ray pickles them into its own snapshots, which this project never reads; they therefore pickle as
empty shells, so that no open file or database is dragged along.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from search.ledger.history import TrialRecord
from search.ledger.recorder import Recorder
from search.scheduling.lost_process import Loss
from search.scheduling.suggester import Suggestion
from search.scheduling.timeouts import MARK, Attempts, marked
from trainables.workers.messages import StepResult, TrialTask, shortened


class SuggestsTrials(Protocol):
    """Knows which trials are owed."""

    @property
    def owed(self) -> int:
        """How many are still to be handed out."""

    def next(self) -> Suggestion | None:
        """The next one, recorded; None when no more are owed."""

    def told(self, record: TrialRecord) -> None:
        """A trial ended or was paused, and this is its record."""

    def goes_on(self, record: TrialRecord) -> None:
        """A trial that was paused is taken up again."""


class DecidesAtRungs(Protocol):
    """Records steps and decides what follows from them."""

    def goes_on(self, number: int, step: StepResult) -> bool:
        """Record the step; False if the trial is over, which is then recorded too."""

    def settle_all(self) -> None:
        """Finish what an earlier session recorded but did not live to act on."""

    def promote(self) -> TrialRecord | None:
        """The paused trial that shall go on now, recorded; None if there is none."""

    def end_paused(self) -> list[TrialRecord]:
        """End those that are still paused when nothing more is owed."""

    def fail(self, number: int, reason: str) -> None:
        """End a trial as FAIL."""


class _Shell:
    def __getstate__(self) -> dict[str, Any]:
        return {}


class LedgerSearcher(_Shell, Searcher):
    """Hands out proposals, at most `concurrency()` at a time, and passes ends on to the sampler.

    A trial whose process dies is handed out again, up to `retries` times, and continues from its own
    checkpoint; not so one that took longer than it may, which would do so again.
    """

    def __init__(
        self,
        suggester: SuggestsTrials,
        scheduler: DecidesAtRungs,
        recorder: Recorder,
        concurrency: Callable[[], int],
        task_of: Callable[[TrialRecord], TrialTask],
        attempts: Attempts,
        trials_dir: Path,
        retries: int,
    ) -> None:
        super().__init__()
        self._suggester = suggester
        self._scheduler = scheduler
        self._recorder = recorder
        self._concurrency = concurrency
        self._task_of = task_of
        self._attempts = attempts
        self._trials_dir = trials_dir
        self._retries = retries
        self._live: dict[str, int] = {}
        self._again: list[TrialRecord] = []

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """Nothing to set: objectives come from the space file."""
        return True

    def suggest(self, trial_id: str) -> Any:
        """The next trial's config; None while all places are taken, FINISHED when none is owed.

        While trials live, one of them may have to be handed out again.
        """
        if len(self._live) >= self._concurrency():
            return None
        record = self._again.pop(0) if self._again else self._promoted() or self._proposed()
        if record is None:
            return None if self._live else self._finished()
        self._live[trial_id] = record.number
        return self._task_of(record).dump()

    def _promoted(self) -> TrialRecord | None:
        record = self._scheduler.promote()
        if record is not None:
            self._suggester.goes_on(record)
        return record

    def _proposed(self) -> TrialRecord | None:
        proposal = self._suggester.next()
        return None if proposal is None else proposal.record

    def _finished(self) -> str:
        """Nothing runs, nothing is owed, nobody is good enough to be taken up again."""
        for record in self._scheduler.end_paused():
            self._suggester.told(record)
        return str(Searcher.FINISHED)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """The trial left Ray; if nobody recorded an end or a pause, its process was lost for good."""
        number = self._live.pop(trial_id, None)
        if number is None:
            return
        record = self._recorder.history.trials[number]
        if record.state == "RUNNING" and record.paused_at is None:
            timed_out = self._attempts.timed_out(trial_id, self._trials_dir / record.folder)
            if not timed_out and record.retries < self._retries:
                self._recorder.retry(number, self._attempts.loss(trial_id).reason)
                self._again.append(record)
                return
            self._scheduler.fail(
                number, self._why_lost(record, None if timed_out else self._attempts.loss(trial_id))
            )
        self._suggester.told(record)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """The scheduler saw it first."""

    def save(self, checkpoint_path: str) -> None:
        """Ray's snapshots are not used; the ledger is."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing is read back, for the reason that `save` gives."""

    def _why_lost(self, record: TrialRecord, loss: Loss | None) -> str:
        """loss: None for an attempt that ran out of time."""
        if loss is not None:
            return loss.final_reason(record.retries + 1, self._task_of(record).trial)
        seen = marked(self._trials_dir / record.folder)
        where = f", where it was: trials/{record.folder}/{MARK}" if seen else ""
        return f"{self._attempts.overrun}{where}"


class TuneScheduler(_Shell, FIFOScheduler):
    """Passes every result to the scheduler. Metric and mode are the space file's business."""

    def __init__(self, scheduler: DecidesAtRungs, attempts: Attempts) -> None:
        super().__init__()
        self._scheduler = scheduler
        self._attempts = attempts

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Record, decide, record the decision; only then does it act."""
        number = TrialTask.parse(trial.config).number
        goes_on = self._scheduler.goes_on(number, StepResult.parse(result))
        return TrialScheduler.CONTINUE if goes_on else TrialScheduler.STOP

    def choose_trial_to_run(self, tune_controller: Any) -> Trial | None:
        """No preference, so that Tune goes through the waiting trials in order.

        A preferred trial would be moved to the next process that gets free, and the one that is just
        starting for it be ended: where trials end more often than a process takes to start, on a large
        cluster always, nodes that join would never come to run one.
        """
        return None

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Before the searcher hears of it. Ray deletes what it knows with its scratch; the log keeps it."""
        told = Path(trial.error_file).read_text() if trial.error_file else ""
        self._attempts.died(trial.trial_id, told)
        # Under Ray's name, because what a dead worker said is for the file, not for the screen.
        logging.getLogger("ray").error(
            "trial %s lost its worker: %s", TrialTask.parse(trial.config).number, shortened(told)
        )


class RunCallback(_Shell, Callback):
    """Runs `checks` between Ray's steps, and notes when a process takes a trial.

    A check raises Halt to end the search: for a signal, or because Ray is gone.
    """

    def __init__(self, attempts: Attempts, checks: Sequence[Callable[[], None]]) -> None:
        self._attempts = attempts
        self._checks = checks

    def on_step_begin(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """A safe place to leave from."""
        for check in self._checks:
            check()

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """The trial is on a process, new or used; its time runs."""
        self._attempts.began(trial.trial_id)
