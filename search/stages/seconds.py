"""What stages cost, learnt from the ledger: of each trial and rung, its classifier's seconds and all others.

A trial whose classifier was there took next to none for it. What is predicted is rounded to powers of two, so
that a clock's jitter changes no proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from search.stages.encoding import Encoding, Rows
from search.stages.spending import Spending, Spent

LEAST_S = 1e-3
FEW = 8
"""Measurements of a stage below which all configurations are taken to cost the same."""
NEWEST = 600
"""Measurements that are looked at."""
TREES = 20


@dataclass(frozen=True)
class Seconds:
    """Of some draws (draws, rungs): of a classifier that is not there, and of basis, SAE and metrics."""

    classifier: Rows
    features: Rows
    found: float
    """Of a classifier that is there."""


def predicted(spending: Spending, encoding: Encoding, rows: Rows, rungs: int, seed: int) -> Seconds:
    """Of each row of the encoding, as far as what was spent so far tells."""
    told = spending.spent[-NEWEST:]
    fresh = [one for one in told if not one.shared]

    def stage(measured: Sequence[Spent], seconds: Sequence[float]) -> Rows:
        few = len(measured) < FEW
        seen = None if few else encoding.rows([spending.draws[one.trial] for one in measured])
        at = np.array([one.rung for one in measured], dtype=int)
        return _stage(rows, seen, at, np.log(np.maximum(seconds, LEAST_S)), rungs, seed)

    found = [one.classifier for one in told if one.shared]
    return Seconds(
        stage(fresh, [one.classifier for one in fresh]),
        stage(told, [one.features for one in told]),
        float(_powers_of_two(np.log(max(median(found), LEAST_S)))) if found else LEAST_S,
    )


def _stage(rows: Rows, seen: Rows | None, at: Rows, logs: Rows, rungs: int, seed: int) -> Rows:
    """By rung its median, times what the configuration is dearer than others."""
    typical = np.array([_typical(logs, at, rung, rungs) for rung in range(1, rungs + 1)])
    dearer = np.zeros(len(rows))
    if seen is not None:
        from sklearn.ensemble import RandomForestRegressor

        forest = RandomForestRegressor(TREES, min_samples_leaf=2, random_state=seed, n_jobs=1)
        dearer = forest.fit(seen, logs - typical[at - 1]).predict(rows)
    return _powers_of_two(dearer[:, None] + typical[None])


def _typical(logs: Rows, at: Rows, rung: int, rungs: int) -> float:
    """Log seconds at a rung; where none is known those of the next lower one, or of any, or of a second."""
    for known in (*range(rung, 0, -1), *range(rung + 1, rungs + 1)):
        if (at == known).any():
            return float(np.median(logs[at == known]))
    return 0.0


def _powers_of_two(logs: Rows) -> Rows:
    rounded: Rows = 2.0 ** np.round(logs / np.log(2))
    return rounded
