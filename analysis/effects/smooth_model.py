"""Bayesian regression by which effects are read off trials that no one paired.

    y_i = m + phi(x_i) b + psi(x_i) c + g(x_i) + e_i
    b ~ N(0, w),  c ~ N(0, a),  g ~ GP(0, a r k),  e_i ~ N(0, s)

phi are steps (options, switches, slopes), psi curves, k(x, x') = exp(-|x - x'|^2 / (2 l^2)) lets settings
work together; m is unknown altogether. How large a, r, l and s are is not assumed: the posterior is averaged
over a grid of them, each weighed by how well it explains the trials (its marginal likelihood, Rasmussen and
Williams 2006, 2.30). w is large and fixed. Were it learned too, the many settings that do little would make
it small, and what a strong setting does would be shared out among those that were tried along with it.

A contrast, the mean of m + phi b + psi c + g over one set of draws minus that over another, is normal for
each point of the grid; its interval is that of the mixture. Where no trial was it is as wide as the prior.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special

from analysis.effects.settings import Array

STEP_VARIANCE = 10.0
"""w, in variances of y."""
_BENDS = (0.003, 0.03, 0.3, 3.0)
_RATIOS = (0.5, 3.0)
_LENGTHS = (0.5, 1.0)
_NOISES = np.geomspace(1e-3, 2, 12)
"""Of a and s, in variances of y; r; and l^2, in mean squared distances of the trials."""


@dataclass(frozen=True)
class Points:
    """Trials or draws: features of steps (n, f) and of curves (n, h), and coordinates (n, c)."""

    steps: Array
    curves: Array
    coordinates: Array


@dataclass(frozen=True)
class Mixture:
    """What is believed of one contrast: normal distributions and their weights, arrays (g,)."""

    means: Array
    deviations: Array
    weights: Array

    @property
    def mean(self) -> float:
        """The mean of the mixture: its members' means under their weights."""
        return float(self.weights @ self.means)

    def below(self, value: float) -> float:
        """Probability that the contrast is less than `value`."""
        return float(self.weights @ special.ndtr((value - self.means) / self.deviations))

    def quantile(self, share: float) -> float:
        """Below which `share` of the probability lies."""
        reach = 12 * self.deviations
        low, high = float((self.means - reach).min()), float((self.means + reach).max())
        return float(optimize.brentq(lambda value: self.below(value) - share, low, high, xtol=1e-12))

    @property
    def p_value(self) -> float:
        """Twice the probability of the side of 0 on which the contrast probably does not lie."""
        below = self.below(0.0)
        return 2 * min(below, 1 - below)


@dataclass(frozen=True)
class _Part:
    """One part of the prior: covariance of the trials (n, n), of contrasts with trials (c, n), and the
    contrasts' variances (c,)."""

    trials: Array
    cross: Array
    own: Array

    def plus(self, other: _Part, times: float) -> _Part:
        return _Part(
            self.trials + times * other.trials, self.cross + times * other.cross, self.own + times * other.own
        )


class SmoothModel:
    """The contrasts between pairs of draws, for any number of outcomes of the same trials."""

    def __init__(self, trials: Points, sides: list[tuple[Points, Points]]) -> None:
        """`sides[c]` are the draws with the setting of contrast c, and those with its control."""
        # Rows orthogonal to 1: what they see does not know of m.
        self._helmert = linalg.helmert(len(trials.coordinates))
        straight = _linear_part([(a.steps, b.steps) for a, b in sides], trials.steps, STEP_VARIANCE)
        bent = _linear_part([(a.curves, b.curves) for a, b in sides], trials.curves, 1.0)
        self._solved = [self._solve(straight)]
        for together in _smooth_parts(trials, sides):
            for ratio, bend in itertools.product(_RATIOS, _BENDS):
                self._solved.append(self._solve(straight.plus(bent.plus(together, ratio), bend)))

    def _solve(self, prior: _Part) -> tuple[Array, Array, Array, Array]:
        """Eigenvalues (n-1,) and -vectors of the covariance, the contrasts' covariances with the trials in
        that basis (c, n-1), and the contrasts' own variances (c,)."""
        values, vectors = np.linalg.eigh(self._helmert @ prior.trials @ self._helmert.T)
        return np.maximum(values, 0.0), vectors, prior.cross @ self._helmert.T @ vectors, prior.own

    def contrasts(self, outcome: Array) -> list[Mixture]:
        """What an outcome (n,) says of each contrast. All 0 and sure if the outcome never varies."""
        scale = float(outcome.std(ddof=1))
        if not scale > 1e-12 * float(np.abs(outcome).max()):
            never = Mixture(np.zeros(1), np.full(1, 1e-12), np.ones(1))
            return [never] * len(self._solved[0][3])
        seen = self._helmert @ outcome / scale
        evidence, means, variances = [], [], []
        for values, vectors, cross, own in self._solved:
            rotated = vectors.T @ seen
            spread = values + _NOISES[:, None]
            evidence.append(-0.5 * (np.log(spread) + rotated**2 / spread).sum(axis=1))
            means.append((rotated / spread) @ cross.T)
            variances.append(own - (1 / spread) @ (cross**2).T)
        weights = np.exp(np.concatenate(evidence) - np.concatenate(evidence).max())
        weights /= weights.sum()
        kept = weights > 1e-6
        deviations = np.sqrt(np.maximum(np.concatenate(variances)[kept], 1e-12))
        centres, shares = np.concatenate(means)[kept], weights[kept] / weights[kept].sum()
        return [
            Mixture(scale * centres[:, c], scale * deviations[:, c], shares) for c in range(centres.shape[1])
        ]


def _linear_part(sides: list[tuple[Array, Array]], features: Array, variance: float) -> _Part:
    apart = np.array([with_it.mean(axis=0) - without.mean(axis=0) for with_it, without in sides])
    return _Part(
        variance * features @ features.T, variance * apart @ features.T, variance * (apart**2).sum(axis=1)
    )


def _smooth_parts(trials: Points, sides: list[tuple[Points, Points]]) -> list[_Part]:
    """One for each length, in mean squared distances of the trials."""
    n = len(trials.coordinates)
    distances = _squared_distances(trials.coordinates, trials.coordinates)
    typical = float(distances.sum() / (n * (n - 1))) or 1.0
    inverse = [1 / (2 * length * typical) for length in _LENGTHS]
    cross: list[list[Array]] = [[] for _ in inverse]
    own: list[list[float]] = [[] for _ in inverse]
    for a, b in sides:
        both = np.concatenate([a.coordinates, b.coordinates])
        n_a, n_b = len(a.coordinates), len(b.coordinates)
        signs = np.concatenate([np.full(n_a, 1 / n_a), np.full(n_b, -1 / n_b)])
        towards, inside = _squared_distances(trials.coordinates, both), _squared_distances(both, both)
        for k, rate in enumerate(inverse):
            cross[k].append(np.exp(-rate * towards) @ signs)
            own[k].append(float(signs @ np.exp(-rate * inside) @ signs))
    return [
        _Part(np.exp(-rate * distances), np.array(cross[k]), np.array(own[k]))
        for k, rate in enumerate(inverse)
    ]


def _squared_distances(x: Array, y: Array) -> Array:
    return np.asarray(np.maximum((x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2 * x @ y.T, 0.0))
