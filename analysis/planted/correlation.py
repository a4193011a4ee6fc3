"""Rank correlation of metrics with the truth, over recipes and seeds.

Seeds differ in their images as well, so ranks are taken within a seed: rho is the mean over seeds of
Spearman's correlation over recipes, with the sign by which a useful metric is positive (those that should be
small are turned round). The interval is the bootstrap's over recipes (Efron 1979; percentiles 2.5 and 97.5):
the seeds of one recipe are no independent witnesses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

DRAWS = 300
FEWEST = 4

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TruthCorrelation:
    """rho in [-1, 1] with its interval; NaN where the metric or the truth does not vary."""

    rho: float
    low: float
    high: float


def correlation(
    values: Mapping[tuple[str, int], float],
    truth: Mapping[tuple[str, int], float],
    mode: Literal["max", "min"],
    seed: int = 0,
) -> TruthCorrelation:
    """Of a metric with the truth, both by (recipe, seed); only where both are known."""
    common = [key for key in truth if key in values]
    recipes = sorted({recipe for recipe, _ in common})
    sign = 1.0 if mode == "max" else -1.0
    tables = []
    for own in sorted({number for _, number in common}):
        rows = [recipe for recipe in recipes if (recipe, own) in values and (recipe, own) in truth]
        pairs = np.array([[sign * values[r, own], truth[r, own]] for r in rows], dtype=float)
        tables.append((np.array([recipes.index(r) for r in rows]), pairs))
    if len(recipes) < FEWEST:
        return TruthCorrelation(np.nan, np.nan, np.nan)
    rho = _mean_rho([pairs for _, pairs in tables])
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(DRAWS):
        counts = np.bincount(rng.integers(len(recipes), size=len(recipes)), minlength=len(recipes))
        draws.append(_mean_rho([np.repeat(pairs, counts[place], axis=0) for place, pairs in tables]))
    known = np.array(draws)[np.isfinite(draws)]
    if not np.isfinite(rho) or not len(known):
        return TruthCorrelation(np.nan, np.nan, np.nan)
    low, high = np.percentile(known, [2.5, 97.5])
    return TruthCorrelation(float(rho), float(low), float(high))


def _mean_rho(tables: Sequence[Floats]) -> float:
    """Mean over tables (m, 2) of Spearman's rho between the columns, of those in which both vary."""
    found = [_spearman(table) for table in tables if len(table)]
    known = [rho for rho in found if np.isfinite(rho)]
    return float(np.mean(known)) if known else np.nan


def _spearman(table: Floats) -> float:
    first, second = rankdata(table[:, 0]), rankdata(table[:, 1])
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(np.corrcoef(first, second)[0, 1])
