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
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Standing:
    """Where a trial is at a rung: total constraint violation, and losses (smaller is better)."""

    violation: float
    losses: tuple[float, ...]


class Halving:
    """What has been seen at each rung. Rungs count from 1."""

    def __init__(self, reduction_factor: int) -> None:
        self._reduction_factor = reduction_factor
        self._rungs: dict[int, dict[int, Standing]] = {}

    def record(self, rung: int, trial: int, standing: Standing) -> None:
        """Take note without deciding; used when a run is resumed."""
        self._rungs.setdefault(rung, {})[trial] = standing

    def survives(self, rung: int, trial: int, standing: Standing) -> bool:
        """Record the trial at the rung and decide whether it goes on."""
        self.record(rung, trial, standing)
        standings = self._rungs[rung]
        places = self._places(len(standings))
        return _trials_in_better_fronts(list(standings.values()), standing, places) < places

    def hopeless(self, rung: int, least_violation: float) -> bool:
        """Whether a trial that violates by at least this much cannot survive the rung whatever its losses."""
        standings = self._rungs.get(rung, {})
        better = sum(standing.violation < least_violation for standing in standings.values())
        return better >= self._places(len(standings) + 1)

    def _places(self, n_trials: int) -> int:
        return math.ceil(n_trials / self._reduction_factor)


def _trials_in_better_fronts(standings: list[Standing], mine: Standing, enough: int) -> int:
    """How many trials stand in fronts strictly better than that of `mine`; stops counting at `enough`."""
    better = sum(standing.violation < mine.violation for standing in standings)
    losses = np.array([s.losses for s in standings if s.violation == mine.violation])
    me = np.array(mine.losses)
    if losses.shape[1] == 1:
        return better + int((losses < me).sum())
    while better < enough:
        no_worse = (losses[:, None, :] <= losses[None, :, :]).all(-1)
        somewhere_better = (losses[:, None, :] < losses[None, :, :]).any(-1)
        dominated = (no_worse & somewhere_better).any(0)
        if not ((losses <= me).all(-1) & (losses < me).any(-1)).any():
            return better
        better += int((~dominated).sum())
        losses = losses[dominated]
    return better
