"""When a search ends before its trials are spent: hours, processor hours, a front that grows no more.

Trials that run are trained to their end; none begins any more, and none is taken up again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from search.ledger.history import History, TrialRecord
from search.ranking.fronts import Losses
from search.ranking.pareto import losses_of
from search.study.study import Study

HOUR = 3600.0


class Limits:
    """What may end one study's search early; asked before every trial."""

    def __init__(
        self, study: Study, history: History, now: Callable[[], float] = lambda: time.time()
    ) -> None:
        """now: seconds since 1970."""
        self._study, self._history, self._now = study, history, now
        self._done: dict[int, float] = {}

    def reached(self) -> str | None:
        """Which limit is spent, in words; None while none is."""
        budget = self._study.budget
        if budget.hours and self.seconds >= budget.hours * HOUR:
            return f"budget.hours = {budget.hours:g} are over"
        if budget.processor_hours and self.processor_seconds >= budget.processor_hours * HOUR:
            return f"budget.processor_hours = {budget.processor_hours:g} are spent"
        if budget.plateau_trials and self._is_flat(budget.plateau_trials, budget.plateau_gain):
            return (
                f"the last budget.plateau_trials = {budget.plateau_trials} trials added less than "
                f"budget.plateau_gain = {budget.plateau_gain:g} of what was reached"
            )
        return None

    @property
    def seconds(self) -> float:
        """Clock time of all sessions, this one up to now."""
        sessions = self._history.sessions
        return self._history.earlier_s + (max(0.0, self._now() - sessions[-1].time) if sessions else 0.0)

    @property
    def processor_seconds(self) -> float:
        """Time of workers on trials, times the cores that one has; steps under way are not counted yet."""
        total = 0.0
        for number, record in self._history.trials.items():
            if number not in self._done:
                busy = busy_seconds(record, self._history)
                if record.state == "RUNNING":
                    total += busy
                    continue
                self._done[number] = busy
        return (total + sum(self._done.values())) * self._study.resources.cpu

    def _is_flat(self, trials: int, gain: float) -> bool:
        """Whether the front grew by less than the share over the last trials that ended."""
        ended = [number for change, number in self._history.order if change == "ended"]
        if len(ended) <= trials:
            return False
        before, now = (self._losses(ended[:-trials]), self._losses(ended))
        if not before:
            return False
        import numpy as np

        from search.ranking.hypervolume import Gain

        volume = Gain(np.array(now))
        return volume.hypervolume - volume.volume(np.array(before)) < gain * volume.hypervolume

    def _losses(self, numbers: list[int]) -> list[Losses]:
        found = (losses_of(self._study, self._history.trials[number]) for number in numbers)
        return [losses for losses in found if losses is not None]


def busy_seconds(record: TrialRecord, history: History) -> float:
    """What workers gave a trial, as far as it reported: not while it waited at a rung or no driver ran."""
    before, busy = record.started, 0.0
    for report in record.reports:
        began = max([before, *(one.time for one in history.sessions if one.time <= report.time)])
        busy += max(0.0, report.time - began)
        before = report.time if report.rung is None else record.decided.get(report.rung, report.time)
    return busy
