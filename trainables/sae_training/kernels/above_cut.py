"""Values above a cut, gathered row by row and made into lists of codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.signedinteger]


@compiled
def gather_above(
    start: int,
    stop: int,
    products: FloatArray,
    bias: FloatArray,
    cut: float,
    counts: IntArray,
    found: IntArray,
    values: FloatArray,
) -> None:
    """Columns and values of all u = products + bias (b, f) > cut in rows start..stop, in order.

    Row i's come to the first counts[i] places of found[i] and values[i], both (b, f).
    """
    least = values.dtype.type(cut)
    block = 32
    width = products.shape[1]
    for row in range(start, stop):
        u, row_found, row_values = products[row], found[row], values[row]
        n = 0
        for base in range(0, width, block):
            part, shift = u[base : base + block], bias[base : base + block]
            # Most blocks hold nothing, which SIMD finds out at once.
            hits = 0
            for j in range(len(part)):
                hits += 1 if part[j] + shift[j] > least else 0
            if hits == 0:
                continue
            for j in range(len(part)):
                value = part[j] + shift[j]
                if value > least:
                    row_found[n] = base + j
                    row_values[n] = value
                    n += 1
        counts[row] = n


@compiled
def joined(counts: IntArray, values: FloatArray, flat: FloatArray) -> None:
    """The first counts[i] values of each row, one after the other in flat."""
    n = 0
    for row in range(len(counts)):
        for place in range(counts[row]):
            flat[n] = values[row, place]
            n += 1


@compiled
def list_codes(
    counts: IntArray,
    found: IntArray,
    found_values: FloatArray,
    cut: float,
    ties: int,
    stops: IntArray,
    first: IntArray,
    latents: IntArray,
    values: FloatArray,
) -> None:
    """Lists, as `reconstruct` reads them, of what was found above the cut and of the first `ties` equal to
    it. The other values found become 0.

    Group p holds the latents from stops[p - 1] up to stops[p]; first (m b + 1). `latents` and `values` must
    have room for all.
    """
    size = len(counts)
    first[:] = 0
    level = found_values.dtype.type(cut)
    left = ties
    for row in range(size):
        group = 0
        for place in range(counts[row]):
            value = found_values[row, place]
            if value == level and left > 0:
                left -= 1
            elif not value > level:
                # Emptied, so that the second pass need not count ties again.
                found_values[row, place] = 0
                continue
            while found[row, place] >= stops[group]:
                group += 1
            first[group * size + row + 1] += 1
    for place in range(len(first) - 1):
        first[place + 1] += first[place]
    for row in range(size):
        group = 0
        to = first[row]
        for place in range(counts[row]):
            value = found_values[row, place]
            if value > 0:
                while found[row, place] >= stops[group]:
                    group += 1
                    to = first[group * size + row]
                latents[to] = found[row, place]
                values[to] = value
                to += 1
