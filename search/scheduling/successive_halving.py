"""Asynchronous successive halving by non-dominated rank; pure, knows neither Ray nor Optuna.

A trial that arrives at a rung survives unless at least ceil(n / reduction_factor) of the n trials
seen there, itself included, stand in strictly better fronts. With one objective the fronts are the
distinct values and the rule is ASHA's (Li et al. 2020, arXiv 1810.05934, stopping variant). With
several, no trial on the first front is ever stopped, so that trade-offs survive: stopping by one of
the objectives would kill exactly the trials that are good at the others.

Feasible trials stand before infeasible ones, and those by how far they are outside (Deb's
constrained domination).
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort

from search.ranking.fronts import Fronts
from search.scheduling.rung_order import KEEP, RungOrder, Standing


class SuccessiveHalving:
    """What has been seen at each rung. Rungs count from 1."""

    pauses = False

    def __init__(self, reduction_factor: int, ties: str = KEEP) -> None:
        """ties: who goes on of a front that has too few places, see `RungOrder.best`."""
        self._reduction_factor, self._ties = reduction_factor, ties
        self._rungs: dict[int, _Rung] = {}
        self._orders: dict[int, RungOrder] = {}

    def record(self, rung: int, trial: int, standing: Standing) -> None:
        """Take note without deciding; used when a run is resumed. A trial's second standing is ignored."""
        self._take(rung, trial, standing)

    def _take(self, rung: int, trial: int, standing: Standing) -> None:
        self._rungs.setdefault(rung, _Rung()).add(trial, standing)
        if self._ties != KEEP:
            self._orders.setdefault(rung, RungOrder()).add(trial, standing)

    def survives(self, rung: int, trial: int, standing: Standing) -> bool:
        """Record a trial that was not at the rung before, and decide whether it goes on."""
        self._take(rung, trial, standing)
        seen = self._rungs[rung]
        places = self._places(len(seen))
        if self._ties != KEEP and trial not in self._orders[rung].best(places, self._ties):
            return False
        return seen.add(trial, standing) < places

    def hopeless(self, rung: int, least_violation: float) -> bool:
        """Whether a trial that violates by at least this much cannot survive the rung whatever its losses."""
        seen = self._rungs.get(rung, _Rung())
        return seen.violating_less(least_violation) >= self._places(len(seen) + 1)

    def reason(self, rung: int) -> str:
        """Why a trial was stopped at a rung."""
        return f"not in the top 1/{self._reduction_factor} at rung {rung}"

    def _places(self, n_trials: int) -> int:
        return math.ceil(n_trials / self._reduction_factor)


class _Rung:
    """Standings in order of violation, and the fronts of those that violate equally."""

    def __init__(self) -> None:
        self._trials: dict[int, int] = {}
        self._order: list[tuple[float, ...]] = []
        self._fronts: dict[float, Fronts] = {}

    def __len__(self) -> int:
        return len(self._trials)

    def add(self, trial: int, standing: Standing) -> int:
        """How many trials stood in fronts strictly better than the trial's when it came."""
        if trial not in self._trials:
            self._trials[trial] = self._insert(standing)
        return self._trials[trial]

    def violating_less(self, violation: float) -> int:
        """Trials that are less far outside the constraints."""
        return bisect_left(self._order, (violation,))

    def _insert(self, standing: Standing) -> int:
        if len(standing.losses) == 1:  # each value is a front of its own, and the order tells the rest
            place = (standing.violation, *standing.losses)
            insort(self._order, place)
            return bisect_left(self._order, place)
        insort(self._order, (standing.violation,))
        fronts = self._fronts.setdefault(standing.violation, Fronts())
        return self.violating_less(standing.violation) + fronts.add(standing.losses)


class MedianStopping(SuccessiveHalving):
    """Stops who is worse than the median of those seen at a rung: gentler, a half goes on."""

    def reason(self, rung: int) -> str:
        """Why a trial was stopped at a rung."""
        return f"worse than the median at rung {rung}"

    def _places(self, n_trials: int) -> int:
        return math.ceil(n_trials / 2)
