"""Bayesian regression by which effects are read off trials that no one paired.

    y_i = m + phi(x_i) b + g(x_i) + e_i,   b ~ N(0, a),  g ~ GP(0, a r k),  e_i ~ N(0, s)

phi are additive features, k(x, x') = exp(-|x - x'|^2 / (2 l^2)) lets settings work together, m is unknown
altogether. How large a, r, l and s are is not assumed: the posterior is averaged over a grid of them, each
weighed by how well it explains the trials (its marginal likelihood, Rasmussen and Williams 2006, 2.30). A
contrast, the mean of m + phi b + g over one set of draws minus that over another, is normal for each of them;
its interval is that of the mixture. Where no trial was, the interval is as wide as the prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, stats

from analysis.effects.settings import Array

_RATIOS = (0.0, 0.3, 1.0, 4.0)
_LENGTHS = (0.5, 1.0)
"""Of l^2, in mean squared distances of the trials."""
_SCALES = np.geomspace(3e-3, 10, 9)
_NOISES = np.geomspace(1e-3, 2, 10)
"""Of a and s, in variances of y."""


@dataclass(frozen=True)
class Points:
    """Trials or draws: additive features (n, f) and coordinates (n, c)."""

    features: Array
    coordinates: Array


@dataclass(frozen=True)
class Mixture:
    """What is believed of one contrast: normal distributions and their weights, arrays (g,)."""

    means: Array
    deviations: Array
    weights: Array

    @property
    def mean(self) -> float:
        """Of the mixture."""
        return float(self.weights @ self.means)

    def below(self, value: float) -> float:
        """Probability that the contrast is less than `value`."""
        return float(self.weights @ stats.norm.cdf((value - self.means) / self.deviations))

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


class SmoothModel:
    """The contrasts between pairs of draws, for any number of outcomes of the same trials."""

    def __init__(self, trials: Points, sides: list[tuple[Points, Points]]) -> None:
        """`sides[c]` are the draws with the setting of contrast c, and those with its control."""
        self._n = len(trials.features)
        # Rows orthogonal to 1: what they see does not know of m.
        self._contrasts = linalg.helmert(self._n)
        distances = _squared_distances(trials.coordinates, trials.coordinates)
        typical = float(distances.sum() / max(1, self._n * (self._n - 1))) or 1.0
        shapes = [(ratio, length * typical) for ratio in _RATIOS for length in _LENGTHS]
        shapes = [shape for k, shape in enumerate(shapes) if shape[0] > 0 or k == 0]
        self._solved = [self._solve(trials, distances, sides, ratio, square) for ratio, square in shapes]

    def _solve(
        self,
        trials: Points,
        distances: Array,
        sides: list[tuple[Points, Points]],
        ratio: float,
        square: float,
    ) -> tuple[Array, Array, Array, Array]:
        """Eigenvalues (n-1,) and -vectors of the covariance, the contrasts' covariances with the trials in
        that basis (c, n-1), and the contrasts' own variances (c,); all for a = 1."""
        covariance = trials.features @ trials.features.T + ratio * np.exp(-distances / (2 * square))
        values, vectors = np.linalg.eigh(self._contrasts @ covariance @ self._contrasts.T)
        cross, own = [], []
        for with_it, without in sides:
            difference = with_it.features.mean(axis=0) - without.features.mean(axis=0)
            towards = trials.features @ difference
            variance = float(difference @ difference)
            if ratio:
                towards = towards + ratio * (
                    _kernel(trials, with_it, square).mean(axis=1)
                    - _kernel(trials, without, square).mean(axis=1)
                )
                variance += ratio * float(
                    _kernel(with_it, with_it, square).mean()
                    + _kernel(without, without, square).mean()
                    - 2 * _kernel(with_it, without, square).mean()
                )
            cross.append(self._contrasts @ towards)
            own.append(variance)
        return np.maximum(values, 0.0), vectors, np.array(cross) @ vectors, np.array(own)

    def contrasts(self, outcome: Array) -> list[Mixture]:
        """What an outcome (n,) says of each contrast. All 0 and sure if the outcome never varies."""
        scale = float(outcome.std(ddof=1))
        if not scale > 0:
            never = Mixture(np.zeros(1), np.full(1, 1e-12), np.ones(1))
            return [never] * len(self._solved[0][3])
        seen = self._contrasts @ outcome / scale
        a, s = (axis.ravel() for axis in np.meshgrid(_SCALES, _NOISES))
        evidence, means, variances = [], [], []
        for values, vectors, cross, own in self._solved:
            rotated = vectors.T @ seen
            spread = a[:, None] * values + s[:, None]
            evidence.append(-0.5 * (np.log(spread) + rotated**2 / spread).sum(axis=1))
            means.append((a[:, None] * rotated / spread) @ cross.T)
            variances.append(a[:, None] * own - a[:, None] ** 2 * ((1 / spread) @ (cross**2).T))
        weights = np.exp(np.concatenate(evidence) - np.concatenate(evidence).max())
        weights /= weights.sum()
        kept = weights > 1e-6
        deviations = np.sqrt(np.maximum(np.concatenate(variances)[kept], 1e-12))
        centres, shares = np.concatenate(means)[kept], weights[kept] / weights[kept].sum()
        return [
            Mixture(scale * centres[:, c], scale * deviations[:, c], shares) for c in range(centres.shape[1])
        ]


def _kernel(left: Points, right: Points, square: float) -> Array:
    return np.asarray(np.exp(-_squared_distances(left.coordinates, right.coordinates) / (2 * square)))


def _squared_distances(left: Array, right: Array) -> Array:
    products = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2 * left @ right.T
    return np.asarray(np.maximum(products, 0.0))
