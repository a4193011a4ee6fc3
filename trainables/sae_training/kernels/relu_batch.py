"""The passes over a batch of a ReLU dictionary that is not sparse, between its matrix products.

Codes lie latent by latent here, (f, b): what is asked of a latent is then a sum along one row, and threads
that share the latents share no result.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]


@compiled
def activate(
    start: int, stop: int, codes: FloatArray, bias: FloatArray, sums: FloatArray, actives: FloatArray
) -> None:
    """For latents start..stop, codes (f, b) become z = relu(codes + bias); their sums (f,) and how many are
    above 0 (f,)."""
    zero, one = codes.dtype.type(0), codes.dtype.type(1)
    for j in range(start, stop):
        z, shift = codes[j], bias[j]
        # Loops with one result each: only so do all of them become vector instructions.
        for i in range(len(z)):
            u = z[i] + shift
            z[i] = zero if u <= zero else u  # NaN stays
        total, active = zero, zero
        for i in range(len(z)):
            total += z[i]
        for i in range(len(z)):
            active += zero if z[i] <= zero else one
        sums[j], actives[j] = total, active


@compiled
def compare(
    start: int, stop: int, centred: FloatArray, decoded: FloatArray, scale: float, squares: FloatArray
) -> None:
    """For samples start..stop, decoded (b, r) becomes scale e, with e = centred - decoded and squares
    (b,) = |e|^2."""
    factor = decoded.dtype.type(scale)
    for i in range(start, stop):
        target, row = centred[i], decoded[i]
        square = decoded.dtype.type(0)
        for j in range(len(row)):
            error = target[j] - row[j]
            square += error * error
            row[j] = factor * error
        squares[i] = square


@compiled
def deactivate(
    start: int, stop: int, slopes: FloatArray, codes: FloatArray, weight: float, sums: FloatArray
) -> None:
    """For latents start..stop, slopes (f, b) become (slopes + weight) 1[codes > 0]; their sums (f,)."""
    zero, pull = codes.dtype.type(0), codes.dtype.type(weight)
    for j in range(start, stop):
        slope, z = slopes[j], codes[j]
        total = zero
        for i in range(len(z)):
            value = zero if z[i] <= zero else slope[i] + pull
            slope[i] = value
            total += value
        sums[j] = total
