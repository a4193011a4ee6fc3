"""How far a search has come: counts, the front so far, the rate, and when it may be done.

`update` looks at running and new trials only, so that it can follow every event of a long search.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from search.ledger.events import State
from search.ledger.history import History, TrialRecord
from search.ranking.pareto import pareto_front
from search.study.study import Study
from trainables.pipeline.fidelity import rung_share

MIN_FINISHED_FOR_ETA = 5
_SPREADS = 1.3  # about four in five outcomes lie within so many standard errors


class ProgressTracker:
    """Follows one history. Trials that had ended before `start` count as done, but not in the rate."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.ended: dict[State, int] = {"COMPLETE": 0, "PRUNED": 0, "FAIL": 0}
        self.running: dict[int, TrialRecord] = {}
        self.front: list[TrialRecord] = []
        self.target = study.budget.trials
        self._seen = 0
        self._sessions_seen = 0
        self.began = 0.0
        self._work: list[float] = []
        self._head_start: dict[int, float] = {}

    def start(self, history: History, now: float) -> None:
        """Take in what earlier sessions did; `now` is in seconds of any clock that only goes forward."""
        self.update(history)
        self._work.clear()
        self._head_start = {number: self.work(trial) for number, trial in self.running.items()}
        self.began = now

    def update(self, history: History) -> list[TrialRecord]:
        """Take in what is new; returns the trials that have ended since the last call, oldest first."""
        if len(history.sessions) > self._sessions_seen:
            self._sessions_seen = len(history.sessions)
            self.target = history.sessions[-1].target
        newest = itertools.islice(reversed(history.trials.values()), len(history.trials) - self._seen)
        self._seen = len(history.trials)
        self.running.update({trial.number: trial for trial in reversed(list(newest))})
        ended = [trial for trial in self.running.values() if trial.state != "RUNNING"]
        for trial in ended:
            del self.running[trial.number]
            self.ended[trial.state] += 1
            self._work.append(self.work(trial) - self._head_start.pop(trial.number, 0.0))
        self.front = self._front_with([trial for trial in ended if trial.state == "COMPLETE"])
        return ended

    def _front_with(self, complete: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Only the front so far can stand against a new trial, so the rest need not be compared again."""
        return pareto_front(self.study, [*self.front, *complete]) if complete else self.front

    @property
    def finished(self) -> int:
        """Trials that ended, in any session, however they did."""
        return sum(self.ended.values())

    def per_minute(self, now: float) -> float | None:
        """Trials ended a minute in this session; None before the first."""
        elapsed = now - self.began
        return 60 * len(self._work) / elapsed if self._work and elapsed > 0 else None

    def remaining_seconds(self, now: float) -> tuple[float, float] | None:
        """A range for the time left, from the work done; None before five trials ended in this session.

        Work is in full trainings: a trial stopped at a rung counts its share of one, so a stretch of
        early stops does not promise an early end. The range covers the spread of what a trial costs,
        both in what the open ones will turn out to be and in the mean they are guessed from.
        """
        done, n = sum(self._work), len(self._work)
        elapsed = now - self.began
        if n < MIN_FINISHED_FOR_ETA or done <= 0 or elapsed <= 0:
            return None
        begun = [
            self.work(trial) - self._head_start.get(number, 0.0) for number, trial in self.running.items()
        ]
        rate = (done + sum(begun)) / elapsed
        owed = max(0, self.target - self.finished)
        mean = done / n
        deviation = math.sqrt(sum((work - mean) ** 2 for work in self._work) / (n - 1))
        expected = owed * mean - sum(self.work(trial) for trial in self.running.values())
        spread = max(0.1 * owed * mean, _SPREADS * deviation * math.sqrt(owed + owed**2 / n))
        return max(0.0, expected - spread) / rate, max(spread, expected + spread) / rate

    @property
    def rungs(self) -> int:
        """Rungs of a full training."""
        return 1 if self.study.scheduler.name == "none" else self.study.scheduler.rungs

    def rung(self, trial: TrialRecord) -> int:
        """The last rung the trial has reached, 0 before the first."""
        return next((report.rung for report in reversed(trial.reports) if report.rung is not None), 0)

    def work(self, trial: TrialRecord) -> float:
        """Share of a full training that the trial has had, by the last rung it reached."""
        if trial.state == "COMPLETE":
            return 1.0
        rung = min(self.rung(trial), self.rungs)
        return rung_share(rung, self.rungs, self.study.scheduler.reduction_factor) if rung else 0.0
