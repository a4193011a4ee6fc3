"""A search in virtual time: the real suggester, scheduler, recorder and ledger; workers only pass time.

Trials take recorded durations, and report metrics drawn at random. The driver is one thread: what it
really took for an event passes in virtual time too, and workers wait for it.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from search.ledger.history import History, TrialRecord
from search.ledger.recorder import TrialLogger, recording
from search.scheduling.rung_scheduler import RungScheduler
from search.stages.proposing import suggester_for
from search.study.study import Study
from trainables.workers.messages import StepReport, StepResult

Metrics = Callable[[TrialRecord, int], dict[str, float]]
"""(trial, rung) -> what it reports there."""


@dataclass
class ClassifierLoop:
    """What a virtual search came to; times in seconds."""

    workers: int
    trials: int = 0
    makespan: float = 0.0
    busy: float = 0.0
    """Virtual time that workers spent on trials, all together."""
    ask: list[float] = field(default_factory=list)
    """Real time for each proposal, in their order."""
    tell: list[float] = field(default_factory=list)
    """Real time for each reported step."""

    @property
    def utilisation(self) -> float:
        """Share of the workers' time that trials took."""
        return self.busy / (self.workers * self.makespan)


def run(
    study: Study,
    ledger: Path,
    workers: int,
    durations: Sequence[Sequence[float]],
    metrics: Metrics,
    loggers: Callable[[History], Sequence[TrialLogger]] = lambda history: (),  # noqa: ARG005
    data: str | None = None,
) -> ClassifierLoop:
    """Run study.budget.trials trials on `workers` workers.

    durations: of recorded trials, the seconds from one rung to the next; trial i takes those of recorded
    trial i modulo their number. data: digest of the images, for a ledger that is to be gone on with.
    """
    course = ClassifierLoop(workers)
    with recording(ledger, loggers) as recorder:
        recorder.session(command=None, host="here", pid=0, target=study.budget.trials, data=data, space=None)
        scheduler, suggester = (
            RungScheduler(study, recorder),
            suggester_for(study, recorder, study.budget.trials),
        )
        waiting = [(0.0, worker, -1, 0) for worker in range(workers)]  # (when, worker, trial, rung reached)
        driver_free = 0.0
        while waiting:
            when, worker, number, rung = heapq.heappop(waiting)
            now = max(when, driver_free)
            started = time.perf_counter()
            if number >= 0:
                record = recorder.history.trials[number]
                goes_on = scheduler.goes_on(number, _step(rung, metrics(record, rung)))
                course.tell.append(time.perf_counter() - started)
                if not goes_on:
                    suggester.told(record)
                    course.trials += record.state != "RUNNING"
                    number, rung = -1, 0
            if number < 0:
                asked = time.perf_counter()
                next_one = scheduler.promote()
                if next_one is not None:
                    suggester.goes_on(next_one)
                else:
                    proposal = suggester.next()
                    next_one = None if proposal is None else proposal.record
                course.ask.append(time.perf_counter() - asked)
                if next_one is None:
                    course.makespan = max(course.makespan, when)
                    continue
                number, rung = next_one.number, max(next_one.rungs, default=0)
            driver_free = now + time.perf_counter() - started
            takes = durations[number % len(durations)][rung]
            course.busy += takes
            heapq.heappush(waiting, (driver_free + takes, worker, number, rung + 1))
        course.trials += len(scheduler.end_paused())
    return course


def _step(rung: int, metrics: dict[str, float]) -> StepResult:
    """The report of a step that ended at a rung; the step's epoch is of no consequence."""
    record = {"path": f"checkpoint/e{rung:06d}-r{rung}", "sha256": "0" * 64}
    return StepResult((StepReport(rung, rung, metrics),), record)
