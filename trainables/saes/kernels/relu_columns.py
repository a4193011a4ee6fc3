"""The passes over all codes of a ReLU dictionary that is not sparse, between its matrix products.

Threads share the columns, so that sums over a batch need no exchange.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.saes.kernels.compiled import compiled

FloatArray = NDArray[np.floating]


@compiled
def relu_columns(
    start: int, stop: int, codes: FloatArray, bias: FloatArray, sums: FloatArray, actives: FloatArray
) -> None:
    """In columns start..stop, codes (b, f) become z = relu(codes + bias); their sums (f,) and how many are
    above 0 (f,)."""
    zero, one = codes.dtype.type(0), codes.dtype.type(1)
    shift, total, active = bias[start:stop], sums[start:stop], actives[start:stop]
    total[:] = zero
    active[:] = zero
    for row in range(len(codes)):
        z = codes[row, start:stop]
        # Three loops, each with one row to write: only so do all of them become vector instructions.
        for j in range(len(z)):
            u = z[j] + shift[j]
            z[j] = zero if u <= zero else u  # NaN stays
        for j in range(len(z)):
            total[j] += z[j]
        for j in range(len(z)):
            active[j] += zero if z[j] <= zero else one


@compiled
def relu_slopes(
    start: int, stop: int, slopes: FloatArray, codes: FloatArray, weight: float, sums: FloatArray
) -> None:
    """In columns start..stop, slopes (b, f) become (slopes + weight) 1[codes > 0]; their sums (f,)."""
    zero, pull = codes.dtype.type(0), codes.dtype.type(weight)
    total = sums[start:stop]
    total[:] = zero
    for row in range(len(codes)):
        slope, z = slopes[row, start:stop], codes[row, start:stop]
        for j in range(len(z)):
            slope[j] = zero if z[j] <= zero else slope[j] + pull
            total[j] += slope[j]
