"""Gradients of a sparse code's weights, one latent after the other, so that threads never share a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.signedinteger]


@compiled
def sort_by_latent(
    first: IntArray,
    latents: IntArray,
    values: FloatArray,
    slopes: FloatArray,
    bounds: IntArray,
    sorted_lists: IntArray,
    sorted_values: FloatArray,
    sorted_slopes: FloatArray,
) -> None:
    """Counting sort of all codes by latent, within it in their order.

    Latent j's lists, values and slopes come to bounds[j] .. bounds[j + 1] of the sorted ones; bounds (f + 1).
    """
    bounds[:] = 0
    for code in range(first[0], first[-1]):
        if latents[code] >= 0:
            bounds[latents[code] + 1] += 1
    width = len(bounds) - 1
    for j in range(width):
        bounds[j + 1] += bounds[j]
    # bounds[j] moves on with each code and so ends where bounds[j + 1] began; shifted back below.
    for place in range(len(first) - 1):
        for code in range(first[place], first[place + 1]):
            j = latents[code]
            if j >= 0:
                to = bounds[j]
                sorted_lists[to] = place
                sorted_values[to] = values[code]
                sorted_slopes[to] = slopes[code]
                bounds[j] = to + 1
    for j in range(width, 0, -1):
        bounds[j] = bounds[j - 1]
    bounds[0] = 0


@compiled
def latent_gradients(
    start: int,
    stop: int,
    bounds: IntArray,
    lists: IntArray,
    values: FloatArray,
    slopes: FloatArray,
    errors: FloatArray,
    x: FloatArray,
    to_decoder: FloatArray,
    to_encoder: FloatArray,
    to_bias: FloatArray,
) -> None:
    """For latents start..stop, sums over their codes (list l of sample l mod b):

        to_decoder[j] = sum z errors[l],   to_encoder[j] = sum slope x[l mod b],   to_bias[j] = sum slope.

    errors (m b, r), x (b, r) as the encoder sees it, to_decoder and to_encoder (f, r), to_bias (f,).
    """
    size = len(x)
    zero = values.dtype.type(0)
    for j in range(start, stop):
        decoder_row, encoder_row = to_decoder[j], to_encoder[j]
        decoder_row[:] = zero
        encoder_row[:] = zero
        total = zero
        for code in range(bounds[j], bounds[j + 1]):
            value, slope = values[code], slopes[code]
            error, sample_x = errors[lists[code]], x[lists[code] % size]
            for i in range(len(error)):
                decoder_row[i] += value * error[i]
            for i in range(len(sample_x)):
                encoder_row[i] += slope * sample_x[i]
            total += slope
        to_bias[j] = total
