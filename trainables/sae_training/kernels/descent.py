"""What lies between a gradient and the next weights: projection, norm, Adam, unit rows.

Kernels go through the weights latent by latent, so that a row is in the cache for all that is done to it.
Decoder and encoder are (f, r) here, the biases of the encoder (f,).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]


@compiled
def project_and_square(
    start: int,
    stop: int,
    decoder: FloatArray,
    to_decoder: FloatArray,
    to_encoder: FloatArray,
    squares: FloatArray,
) -> None:
    """For latents start..stop: take from the gradient of each decoder row, of unit length, the part along it;
    squares (f,) = |what is left|^2 + |gradient of the encoder row|^2."""
    for j in range(start, stop):
        row, slope, other = decoder[j], to_decoder[j], to_encoder[j]
        along = row.dtype.type(0)
        for i in range(len(row)):
            along += row[i] * slope[i]
        square = row.dtype.type(0)
        for i in range(len(row)):
            slope[i] -= along * row[i]
            square += slope[i] * slope[i] + other[i] * other[i]
        squares[j] = square


@compiled
def adam(
    weights: FloatArray,
    gradient: FloatArray,
    means: FloatArray,
    squares: FloatArray,
    betas: tuple[float, float],
    factors: tuple[float, float, float],
    epsilon: float,
) -> None:
    """Adam on arrays (n,), with g = clip * gradient:

        m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,   w <- w - rate m / (sqrt(v) root + epsilon)

    factors (clip, rate, root): rate is over 1 - b1^t, root is 1 / sqrt(1 - b2^t).
    """
    number = weights.dtype.type
    keep1, keep2 = number(betas[0]), number(betas[1])
    take1, take2 = number(1 - betas[0]), number(1 - betas[1])
    clip, rate, root = number(factors[0]), number(factors[1]), number(factors[2])
    least = number(epsilon)
    for i in range(len(weights)):
        g = clip * gradient[i]
        mean = keep1 * means[i] + take1 * g
        square = keep2 * squares[i] + take2 * g * g
        means[i], squares[i] = mean, square
        weights[i] -= rate * mean / (np.sqrt(square) * root + least)


Walk = tuple[FloatArray, FloatArray, FloatArray, FloatArray]
"""Weights, their gradient, and its two moments."""


@compiled
def adam_by_latent(
    start: int,
    stop: int,
    decoder: Walk,
    encoder: Walk,
    encoder_bias: Walk,
    betas: tuple[float, float],
    factors: tuple[float, float, float],
    epsilon: float,
) -> None:
    """`adam` on latents start..stop, whose decoder rows are brought to unit length."""
    biases, to_biases, means, squares = encoder_bias
    own = biases[start:stop], to_biases[start:stop], means[start:stop], squares[start:stop]
    adam(own[0], own[1], own[2], own[3], betas, factors, epsilon)
    for j in range(start, stop):
        adam(encoder[0][j], encoder[1][j], encoder[2][j], encoder[3][j], betas, factors, epsilon)
        row = decoder[0][j]
        adam(row, decoder[1][j], decoder[2][j], decoder[3][j], betas, factors, epsilon)
        square = row.dtype.type(0)
        for i in range(len(row)):
            square += row[i] * row[i]
        length = max(np.sqrt(square), row.dtype.type(1e-12))
        for i in range(len(row)):
            row[i] /= length
