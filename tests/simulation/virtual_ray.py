"""Ray Tune in virtual time: it calls the product's searcher, scheduler and callback as Tune does.

Workers save real checkpoints on the simulated disk; what they train is a number that counts steps.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from ray.tune.schedulers import TrialScheduler
from ray.tune.search import Searcher

from search.execution.signals import StopSignals
from search.execution.tune_adapters import (
    DecidesAtRungs,
    LedgerSearcher,
    RunCallback,
    SuggestsTrials,
    TuneScheduler,
)
from search.execution.tune_runner import Work, _forget_unacknowledged_timeouts
from search.ledger.recorder import Recorder
from search.scheduling.lost_process import FROZEN, system_error
from search.scheduling.timeouts import Attempts
from trainables.pipeline.pipeline import is_told
from trainables.storage import checkpoint
from trainables.workers.messages import StepReport, StepResult, TrialTask
from trainables.workers.worker_storage import WorkerStorage

STEPS = ((1, None), (1, 1), (2, None), (2, 2))
"""(epoch, rung) of a trial's steps."""
TIMEOUT_S = 100.0
_TOLD = {
    "died": "The actor died unexpectedly before finishing this task: its worker process has died.",
    "memory": system_error(
        "OutOfMemoryError", "ab12", "Task was killed due to the node running low on memory."
    ),
    "frozen": system_error(FROZEN, "ab12", "ended from outside"),
}


class WorkerKilled(BaseException):
    """Only the worker ends."""


@dataclass
class Attempt:
    """A trial on a worker; storage: what it does with shared storage."""

    trial: Any
    task: TrialTask
    folder: Path
    storage: WorkerStorage | None = None
    position: int | None = None
    """Index of the last step; None before the first of this attempt."""

    def step(self) -> StepResult:
        """Go on from the newest checkpoint, or train one step and save it."""
        if self.position is None:
            if self.storage is not None:
                self.storage.fetch(self.folder, self.trial.config)
            whole = checkpoint.newest_first(self.folder)
            found = next((old for old in whole if is_told(old.meta, self.task.passed)), None)
            if found is not None and found.meta["identity"] == self.task.number:
                assert int(found.tensors["step"]) == found.meta["position"]
                self.position = found.meta["position"]
                return self._message(found.record)
            self.position = -1
        self.position += 1
        passed = sum(rung is not None for _, rung in STEPS[: self.position + 1])
        meta = {
            "epoch": STEPS[self.position][0],
            "rung": passed,
            "identity": self.task.number,
            "position": self.position,
            "step": {"rung": None if STEPS[self.position][1] is None else passed},
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        record = checkpoint.save(self.folder, {"step": torch.tensor(self.position)}, meta)
        if self.storage is not None:
            self.storage.push(self.folder, self.trial.config)
        return self._message(record)

    def _message(self, record: dict[str, str]) -> StepResult:
        assert self.position is not None
        epoch, rung = STEPS[self.position]
        draw = random.Random(f"{self.task.number}/{epoch}")
        metrics = {"probe/accuracy": draw.random(), "attribution/junk": draw.random()}
        report = StepReport(epoch, rung, metrics if rung is not None else {"classifier/loss": draw.random()})
        return StepResult((report,), record, next_rung=None if rung is not None else epoch)


@dataclass
class VirtualRay:
    """Runs what is owed; `fate(step)` names what becomes of the worker at a step, None for nothing."""

    workers: int
    chance: random.Random
    fate: Callable[[int], str | None]
    at_work: Callable[[bool], None]
    """Told when a worker's step begins (True) and ends: whose changes to the disk these are."""
    error_file: Path
    now: float = 0.0
    place: str = ""
    """Where a shared run is."""
    passed: Callable[[float], None] = lambda _: None
    """Told what time it is whenever time has passed between two steps."""

    def sleep(self, seconds: float) -> None:
        """In place of `time.sleep`."""
        self.now += seconds

    def run_trials(
        self,
        work: Work,
        address: str,  # noqa: ARG002
        recorder: Recorder,
        scheduler: DecidesAtRungs,
        suggester: SuggestsTrials,
        stop_signals: StopSignals,
    ) -> None:
        """In place of `search.execution.tune_runner.run_trials`."""
        if not suggester.owed:
            return
        _forget_unacknowledged_timeouts(work.trials_dir, recorder.history)
        attempts = Attempts(TIMEOUT_S, "timeout: longer than it may", clock=lambda: self.now)
        searcher = LedgerSearcher(
            suggester, scheduler, recorder, lambda: self.workers, work.task_of, attempts, work.trials_dir, 1
        )
        decides = TuneScheduler(scheduler, attempts)
        callback = RunCallback(attempts, (stop_signals.check, *work.checks))
        running: list[tuple[float, int, Attempt]] = []
        begun = steps = 0
        is_finished = False
        while True:
            callback.on_step_begin(0, [])
            while len(running) < self.workers and not is_finished:
                config = searcher.suggest(f"t{begun}")
                is_finished = config == Searcher.FINISHED
                if config is None or is_finished:
                    break
                trial: Any = SimpleNamespace(trial_id=f"t{begun}", config=config, error_file=None)
                task = TrialTask.parse(config)
                callback.on_trial_start(0, [], trial)
                attempt = self._attempt(work, trial, task)
                heapq.heappush(running, (self.now + self.chance.uniform(0.1, 9), begun, attempt))
                begun += 1
            if not running:
                return
            then, order, attempt = heapq.heappop(running)
            self.now = max(self.now, then)
            self.passed(self.now)
            fate, trial = self.fate(steps), attempt.trial
            steps += 1
            try:
                result = self._step(attempt, fate)
            except WorkerKilled:
                self.error_file.write_text(_TOLD[fate if fate in _TOLD else "died"])
                trial.error_file = str(self.error_file)
                decides.on_trial_error(None, trial)
                searcher.on_trial_complete(trial.trial_id, error=True)
                continue
            if decides.on_trial_result(None, trial, result.dump()) == TrialScheduler.STOP:
                searcher.on_trial_complete(trial.trial_id, result.dump())
            else:
                searcher.on_trial_result(trial.trial_id, result.dump())
                heapq.heappush(running, (self.now + self.chance.uniform(0.1, 9), order, attempt))

    def _attempt(self, work: Work, trial: Any, task: TrialTask) -> Attempt:
        """On the driver's node, or where runs are shared on another, with a disk of its own."""
        if not work.is_shared:
            return Attempt(trial, task, work.trials_dir / task.folder)
        storage = WorkerStorage(self.place, at_home=self.chance.random() < 0.5)
        root = storage.scratch or work.trials_dir
        return Attempt(trial, task, root / task.folder, storage)

    def _step(self, attempt: Attempt, fate: str | None) -> StepResult:
        if fate == "diverged":
            return StepResult(failure="diverged: a loss is nan")
        if fate == "frozen":
            self.now += 1.05 * TIMEOUT_S
            self.passed(self.now)
        self.at_work(True)
        try:
            result = attempt.step()
        except OSError as error:
            return StepResult(failure=f"disk: {error}")
        finally:
            self.at_work(False)
        if fate is not None:
            raise WorkerKilled
        return result
