"""The k largest pre-activations among dead latents, for AuxK."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.signedinteger]


@compiled
def dead_largest(
    start: int,
    stop: int,
    products: FloatArray,
    bias: FloatArray,
    dead: IntArray,
    k: int,
    latents: IntArray,
    values: FloatArray,
) -> None:
    """For rows start..stop, the k <= n_dead largest u = products + bias among columns `dead`, whatever
    their sign, in falling order; latents and values are flat with k places a row."""
    for row in range(start, stop):
        u = products[row]
        begin = row * k
        held = 0
        for column in dead:
            value = u[column] + bias[column]
            if held == k and not value > values[begin + k - 1]:
                continue
            place = begin + (held if held < k else k - 1)
            while place > begin and values[place - 1] < value:
                values[place] = values[place - 1]
                latents[place] = latents[place - 1]
                place -= 1
            values[place] = value
            latents[place] = column
            if held < k:
                held += 1
