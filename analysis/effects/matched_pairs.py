"""Pairs of trials that differ in one setting alone, as far as a search has them."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from analysis.effects.settings import Array, Settings
from search.study.domains import Choice
from search.study.study import Study

NEAR = 0.05
"""How far apart two trials of a pair may lie in any other range, as a share of it."""


def matched_pairs(
    study: Study, trials: Settings, path: str, with_it: Array, without: Array
) -> list[tuple[int, int]]:
    """Rows (with, without), as many pairs as there can be, each trial in one at most.

    All other choices and switches are equal and all other ranges within NEAR; a parameter that one of the two
    does not draw is passed over where that is so because of the setting itself.
    """
    left, right = (rows.ravel() for rows in np.meshgrid(np.flatnonzero(with_it), np.flatnonzero(without)))
    apart = np.zeros(len(left))
    for parameter in study.parameters:
        if parameter.path == path or not len(left):
            continue
        column = trials[parameter.path]
        both = column.on[left] & column.on[right]
        distance = np.where(both, np.abs(column.place[left] - column.place[right]), 0.0)
        switched = column.active[left] & column.active[right] & (column.on[left] != column.on[right])
        alike = ~switched & (distance <= (0.0 if isinstance(parameter.domain, Choice) else NEAR))
        left, right, apart = left[alike], right[alike], (apart + distance)[alike]
    return _assigned(left, right, apart)


def _assigned(left: Array, right: Array, apart: Array) -> list[tuple[int, int]]:
    """The largest set of disjoint pairs among the candidates (left[k], right[k]), the nearest of these."""
    if not len(left):
        return []
    rows, row_of = np.unique(left, return_inverse=True)
    columns, column_of = np.unique(right, return_inverse=True)
    never = float(apart.sum()) + 1.0
    cost = np.full((len(rows), len(columns)), never)
    cost[row_of, column_of] = apart
    chosen = linear_sum_assignment(cost)
    return [(int(rows[i]), int(columns[j])) for i, j in zip(*chosen, strict=True) if cost[i, j] < never]
