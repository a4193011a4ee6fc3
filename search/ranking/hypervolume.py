"""How much hypervolume points would add to a front, as a mean over directions.

With s_l(y) = min_i max(0, (r_i - y_i) / l_i)^k for a direction l > 0 of length 1, the hypervolume that points
Y dominate, up to the reference r, is c_k times the mean over l of max_{y in Y} s_l(y) (Zhang and Golovin
2020, arXiv 2006.04655). That holds for any number k of objectives; with one it is the improvement.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DIRECTIONS = 128
BEYOND = 0.1
"""By which share of the losses' range the reference lies beyond the worst."""


class Gain:
    """Of points over those already there; losses, smaller is better, in units of their range."""

    def __init__(self, losses: Array) -> None:
        """losses (n, k), n >= 1, of what is there."""
        low, high = losses.min(0), losses.max(0)
        self._low = low
        self._extent = np.where(high > low, high - low, 1.0)
        draws = np.abs(np.random.default_rng(0).standard_normal((DIRECTIONS, losses.shape[1])))
        self._directions = draws / np.linalg.norm(draws, axis=1, keepdims=True)
        self._constant = _ball(losses.shape[1])
        self._best = self._scalars(losses).max(0)

    @property
    def hypervolume(self) -> float:
        """Of what is there, as a share of about the box of all losses."""
        return float(self._constant * self._best.mean())

    def volume(self, losses: Array) -> float:
        """What points (n, k) dominate together, in the same units, whatever is there."""
        return float(self._constant * self._scalars(losses).max(0).mean())

    def of(self, losses: Array) -> Array:
        """What each of the points (..., k) alone would add; (...)."""
        more = np.maximum(0.0, self._scalars(losses) - self._best)
        gain: Array = self._constant * more.mean(-1)
        return gain

    def _scalars(self, losses: Array) -> Array:
        """(..., directions)."""
        room = np.maximum(0.0, 1 + BEYOND - (losses - self._low) / self._extent)
        scalars: Array = (room[..., None, :] / self._directions).min(-1) ** losses.shape[-1]
        return scalars


def _ball(k: int) -> float:
    """c_k = pi^(k/2) / (2^k Gamma(k/2 + 1)): the part of the unit ball where all coordinates are positive."""
    return math.pi ** (k / 2) / (2**k * math.gamma(k / 2 + 1))
