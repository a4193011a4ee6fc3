"""The k largest values above 0 of every row.

A full sort or torch's top-k looks at the values one by one. Here one pass of SIMD maxima splits a row into
stripes (column j belongs to stripe j mod S); a cut that k of the S maxima exceed is exceeded by at least k
values, so all of the k largest lie above it, in those few stripes whose maximum does. Cuts are
found by bisection, since counting is fast.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]

# The cut through the maxima need not be the best; that through the values found is bisected until no float
# lies between its ends, which takes fewer rounds than a float64 has exponents and digits.
STRIPE_ROUNDS, ALL_ROUNDS = 12, 2200


@compiled
def _cuts(values: FloatArray, n: int, k: int, rounds: int) -> tuple[np.floating, np.floating]:
    """(low, high), both >= 0: at least k of values[:n] exceed low, or low is 0; at most k exceed high, which
    is low where exactly k do. As close as `rounds` bisections bring them; then only equal values, if any,
    lie between them."""
    low = high = values.dtype.type(0)
    half = values.dtype.type(0.5)
    above = 0
    for i in range(n):
        high = values[i] if values[i] > high else high
        above += 1 if values[i] > low else 0
    if above <= k:
        return low, low
    for _ in range(rounds):
        middle = half * (low + high)
        if not (low < middle < high):
            break
        above = 0
        for i in range(n):
            above += 1 if values[i] > middle else 0
        if above == k:
            return middle, middle
        if above > k:
            low = middle
        else:
            high = middle
    return low, high


@compiled
def _stripe_maxima(u: FloatArray, bias: FloatArray, maxima: FloatArray) -> None:
    """maxima (S,) of u + bias (f,), entry j over the columns j, j + S, j + 2 S, ..."""
    stripes = len(maxima)
    for j in range(stripes):
        maxima[j] = u[j] + bias[j]
    for base in range(stripes, len(u), stripes):
        # Slices that begin at 0 are what the compiler makes SIMD of.
        part, shift = u[base : base + stripes], bias[base : base + stripes]
        for j in range(len(part)):
            maxima[j] = max(part[j] + shift[j], maxima[j])


@compiled
def row_largest(
    start: int,
    stop: int,
    products: FloatArray,
    bias: FloatArray,
    k: int,
    latents: NDArray[np.int32],
    values: FloatArray,
) -> None:
    """For rows start..stop of u = products + bias (b, f), the columns and values of the k largest u > 0.

    They go to latents and values, both flat with k places a row, in no special order; where fewer are above
    0, latent -1 with value 0 fills up. Of equal values at the cut any may be taken, always the same.
    """
    width = products.shape[1]
    stripes = 64
    while stripes < 8 * k:
        stripes *= 2
    maxima = np.empty(min(stripes, width), values.dtype)
    found = np.empty(width, values.dtype)
    places = np.empty(width, np.int32)
    for row in range(start, stop):
        u = products[row]
        _stripe_maxima(u, bias, maxima)
        low, _ = _cuts(maxima, len(maxima), k, STRIPE_ROUNDS)
        n = 0
        for j in range(len(maxima)):
            if maxima[j] > low:
                for column in range(j, width, len(maxima)):
                    value = u[column] + bias[column]
                    if value > low:
                        found[n] = value
                        places[n] = column
                        n += 1
        low, high = _cuts(found, n, k, ALL_ROUNDS)
        place, end = row * k, (row + 1) * k
        for i in range(n):
            if found[i] > high:
                latents[place], values[place] = places[i], found[i]
                place += 1
        for i in range(n):
            if place < end and low < found[i] <= high:
                latents[place], values[place] = places[i], found[i]
                place += 1
        while place < end:
            latents[place], values[place] = -1, 0
            place += 1
