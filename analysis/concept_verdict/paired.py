"""Differences between two arms over seeds that both have: test, bounds, size, power."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

MOST_SEEDS = 200
"""Beyond which no plan goes."""


@dataclass(frozen=True)
class Paired:
    """One arm minus another: n pairs, their mean and standard deviation, the arms' pooled one."""

    n: int
    mean: float
    deviation: float
    pooled: float

    @property
    def effect(self) -> float:
        """The mean difference in pooled standard deviations over seeds; infinite where these are 0."""
        if self.pooled > 0:
            return self.mean / self.pooled
        return 0.0 if self.mean == 0 else math.copysign(math.inf, self.mean)

    def p_above(self, margin: float = 0.0) -> float:
        """One-sided p of the t test that the difference is at most `margin`; 1 with fewer than 2 pairs."""
        if self.n < 2:
            return 1.0
        if self.deviation == 0:
            return 0.0 if self.mean > margin else 1.0
        return float(stats.t.sf((self.mean - margin) / self._error, self.n - 1))

    def p_below(self, margin: float = 0.0) -> float:
        """The same that it is at least `margin`."""
        return Paired(self.n, -self.mean, self.deviation, self.pooled).p_above(-margin)

    def bounds(self, level: float) -> tuple[float, float]:
        """A lower and an upper bound, each wrong with probability `level`."""
        if self.n < 2:
            return -math.inf, math.inf
        half = float(stats.t.isf(level, self.n - 1)) * self._error
        return self.mean - half, self.mean + half

    @property
    def _error(self) -> float:
        return self.deviation / math.sqrt(self.n)


def paired(real: Sequence[float], other: Sequence[float]) -> Paired:
    """`real` minus `other`, whose values are in the order of the same seeds. ValueError for other lengths."""
    a, b = np.asarray(real, dtype=float), np.asarray(other, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"{len(a)} and {len(b)} values are no pairs")
    if len(a) < 2:
        return Paired(len(a), float((a - b).mean()) if len(a) else 0.0, 0.0, 0.0)
    pooled = math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    return Paired(len(a), float((a - b).mean()), float((a - b).std(ddof=1)), pooled)


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p values (Holm 1979): at most level exactly where Holm's procedure at this level rejects."""
    adjusted: dict[str, float] = {}
    running = 0.0
    for rank, name in enumerate(sorted(p, key=lambda name: p[name])):
        running = max(running, min(1.0, (len(p) - rank) * p[name]))
        adjusted[name] = running
    return {name: adjusted[name] for name in p}


def power(shift: float, n: int, level: float) -> float:
    """Chance that a one-sided paired t test of n pairs at `level` finds a mean of `shift` standard deviations
    of the differences, by the noncentral t distribution."""
    if n < 2:
        return 0.0
    found = float(stats.nct.sf(stats.t.isf(level, n - 1), n - 1, shift * math.sqrt(n)))
    return found if math.isfinite(found) else float(shift > 0)


def seeds_needed(shift: float, level: float, wanted: float) -> int | None:
    """Least n with which `power` is at least `wanted`; None if that takes more than 200."""
    if shift <= 0:
        return None
    return next((n for n in range(2, MOST_SEEDS + 1) if power(shift, n, level) >= wanted), None)
