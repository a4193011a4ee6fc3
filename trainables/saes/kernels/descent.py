"""What lies between a gradient and the next weights: projection, norm, Adam, unit rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.saes.kernels.compiled import compiled

FloatArray = NDArray[np.floating]


@compiled
def project_rows(start: int, stop: int, weights: FloatArray, gradient: FloatArray) -> None:
    """Take from each gradient row start..stop the part along its row of weights (f, r), of unit length."""
    for j in range(start, stop):
        row, slope = weights[j], gradient[j]
        along = row.dtype.type(0)
        for i in range(len(row)):
            along += row[i] * slope[i]
        for i in range(len(row)):
            slope[i] -= along * row[i]


@compiled
def square_rows(start: int, stop: int, gradient: FloatArray, squares: FloatArray) -> None:
    """squares (f,) = |row|^2 of gradient (f, r)."""
    for j in range(start, stop):
        row = gradient[j]
        square = row.dtype.type(0)
        for i in range(len(row)):
            square += row[i] * row[i]
        squares[j] = square


@compiled
def adam(
    start: int,
    stop: int,
    weights: FloatArray,
    gradient: FloatArray,
    means: FloatArray,
    squares: FloatArray,
    betas: tuple[float, float],
    factors: tuple[float, float, float],
    epsilon: float,
) -> None:
    """Adam on entries start..stop, all arrays (n,), with g = clip * gradient:

        m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,   w <- w - rate m / (sqrt(v) root + epsilon)

    factors (clip, rate, root): rate is over 1 - b1^t, root is 1 / sqrt(1 - b2^t).
    """
    number = weights.dtype.type
    keep1, keep2 = number(betas[0]), number(betas[1])
    take1, take2 = number(1 - betas[0]), number(1 - betas[1])
    clip, rate, root = number(factors[0]), number(factors[1]), number(factors[2])
    least = number(epsilon)
    w, slope, mean, square = weights[start:stop], gradient[start:stop], means[start:stop], squares[start:stop]
    for i in range(len(w)):
        g = clip * slope[i]
        mean[i] = keep1 * mean[i] + take1 * g
        square[i] = keep2 * square[i] + take2 * g * g
        w[i] -= rate * mean[i] / (np.sqrt(square[i]) * root + least)


@compiled
def unit_rows(start: int, stop: int, weights: FloatArray) -> None:
    """Bring rows start..stop of weights (f, r) to unit length."""
    for j in range(start, stop):
        row = weights[j]
        square = row.dtype.type(0)
        for i in range(len(row)):
            square += row[i] * row[i]
        length = max(np.sqrt(square), row.dtype.type(1e-12))
        for i in range(len(row)):
            row[i] /= length
