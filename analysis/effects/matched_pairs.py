"""Pairs of trials that differ in one setting alone, as far as a search has them."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from analysis.effects.settings import Array, Settings
from search.study import Choice, Study

NEAR = 0.05
"""How far apart two trials of a pair may lie in any other range, as a share of it."""


def matched_pairs(
    study: Study, trials: Settings, path: str, with_it: Array, without: Array
) -> list[tuple[int, int]]:
    """Rows (with, without), as many pairs as there can be, each trial in one at most.

    All other choices and switches are equal and all other ranges within NEAR; a parameter that one of the two
    does not draw is passed over where that is so because of the setting itself.
    """
    left, right = np.flatnonzero(with_it), np.flatnonzero(without)
    if not len(left) or not len(right):
        return []
    cost = np.zeros((len(left), len(right)))
    for parameter in study.parameters:
        if parameter.path == path:
            continue
        column = trials[parameter.path]
        active = column.active[left][:, None] & column.active[right][None, :]
        both = column.on[left][:, None] & column.on[right][None, :]
        apart = np.abs(column.place[left][:, None] - column.place[right][None, :])
        near = 0.0 if isinstance(parameter.domain, Choice) else NEAR
        switched = column.on[left][:, None] != column.on[right][None, :]
        cost += np.where((both & (apart > near)) | (active & switched), np.inf, np.where(both, apart, 0.0))
    return _assigned(left, right, cost)


def _assigned(left: Array, right: Array, cost: Array) -> list[tuple[int, int]]:
    """The largest set of disjoint pairs of finite cost, the nearest of these."""
    possible = np.isfinite(cost)
    largest = float(cost[possible].sum()) + 1.0 if possible.any() else 1.0
    rows, columns = linear_sum_assignment(np.where(possible, cost, largest))
    return [(int(left[i]), int(right[j])) for i, j in zip(rows, columns, strict=True) if possible[i, j]]
