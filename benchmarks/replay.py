"""A search in virtual time on trials that are known: the real suggester, scheduler, recorder and ledger."""

from __future__ import annotations

import heapq
import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from search.ledger.history import TrialRecord
from search.ledger.recorder import Recorder, recording
from search.scheduling.rung_scheduler import RungScheduler
from search.scheduling.suggester import Suggester
from search.stages.prefix import Prefix, prefix_of
from search.stages.proposing import suggester_for
from search.study.domains import Scalar
from search.study.study import Study
from trainables.workers.messages import StepReport, StepResult

Rungs = list[dict[str, Any]]
"""Of each rung `classifier_s`, `features_s` and `metrics`."""
Known = Callable[[Mapping[str, Scalar]], Rungs]
Course = list[tuple[float, int, TrialRecord]]
"""(seconds, trials begun, the trial) for each trial that was trained in full."""
CHECKPOINT = {"path": "x", "sha256": "0"}


def key_of(params: Mapping[str, Scalar]) -> str:
    """How a configuration is called in a table."""
    return json.dumps(dict(params), sort_keys=True)


class Replay:
    """One search; a trial pays for its classifier unless an earlier one trained it so far."""

    def __init__(self, study: Study, known: Known, *, shares: bool = True, workers: int = 1) -> None:
        """shares: False lets each trial train its own classifier."""
        self._study, self._known, self._shares, self._workers = study, known, shares, workers
        self._there: set[tuple[Prefix, int]] = set()
        self.now = 0.0
        self.course: Course = []
        self.records: list[TrialRecord] = []

    def run(self) -> None:
        """Fill `course` and `records`; `now` is then the seconds of all of it."""
        with (
            tempfile.TemporaryDirectory() as folder,
            patch.object(time, "time", lambda: self.now),
            recording(Path(folder) / "trials.jsonl", lambda _: []) as recorder,
        ):
            target = self._study.budget.trials
            recorder.session(command=None, host="here", pid=0, target=target, data=None, space=None)
            scheduler = RungScheduler(self._study, recorder)
            self._run(recorder, scheduler, suggester_for(self._study, recorder, target))
            self.records = list(recorder.history.trials.values())

    def _run(self, recorder: Recorder, scheduler: RungScheduler, suggester: Suggester) -> None:
        waiting: list[tuple[float, int, int]] = [(0.0, worker, -1) for worker in range(self._workers)]
        while waiting:
            self.now, worker, number = heapq.heappop(waiting)
            record = recorder.history.trials.get(number)
            if record is not None and not scheduler.goes_on(number, self._rung(record)):
                if record.state == "COMPLETE":
                    self.course.append((self.now, len(recorder.history.trials), record))
                suggester.told(record)
                record = None
            record = record or self._next(scheduler, suggester)
            if record is not None:
                heapq.heappush(waiting, (self.now + self._train(record, scheduler), worker, record.number))
        scheduler.end_paused()

    def _next(self, scheduler: RungScheduler, suggester: Suggester) -> TrialRecord | None:
        record = scheduler.promote()
        if record is not None:
            suggester.goes_on(record)
            return record
        proposal = suggester.next()
        return None if proposal is None else proposal.record

    def _train(self, record: TrialRecord, scheduler: RungScheduler) -> float:
        """Seconds to the trial's next rung; its classifier reports on the way."""
        at, last = max(record.rungs, default=0), self._study.scheduler.rungs
        rungs = self._known(record.params)
        mark = (prefix_of(self._study, record.params), at)
        # With one rung the whole training is one piece.
        pieces = rungs if last == 1 else rungs[at : at + 1]
        classifier = 0.0 if mark in self._there else sum(float(piece["classifier_s"]) for piece in pieces)
        if self._shares:
            self._there.add(mark)
        began, self.now = self.now, self.now + classifier
        report = StepReport(2 * at + 1, None, {"classifier/loss": 0.5})
        scheduler.goes_on(record.number, StepResult((report,), CHECKPOINT))
        self.now = began
        return classifier + float(rungs[at if last > 1 else -1]["features_s"])

    def _rung(self, record: TrialRecord) -> StepResult:
        at = max(record.rungs, default=0)
        rungs = self._known(record.params)[-self._study.scheduler.rungs :]
        return StepResult((StepReport(2 * at + 2, at + 1, rungs[at]["metrics"]),), CHECKPOINT)
