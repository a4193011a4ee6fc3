"""Reconstruction from sparse codes and its derivative, reading only the decoder rows of active latents.

Codes are lists: first (m b + 1) says where the codes of each list begin in the flat latents and values. List
p b + i holds sample i's codes in group p of latents; only nested dictionaries have more than m = 1 groups.
Latent -1 is an empty place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainables.compiled import compiled

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.signedinteger]


@compiled
def reconstruct(
    start: int,
    stop: int,
    x: FloatArray,
    decoder_bias: FloatArray,
    decoder: FloatArray,
    first: IntArray,
    latents: IntArray,
    values: FloatArray,
    scale: float,
    errors: FloatArray,
    slopes: FloatArray,
    squares: FloatArray,
) -> None:
    """For samples start..stop, with e_p = x - b_dec - sum of z_j W_j over groups up to p:

        squares[p b + i] = |e_p|^2,   errors[p b + i] = scale * sum_{q >= p} e_q,
        slopes = errors[p b + i] . W_j   for each code of the list.

    With scale = -2 w these are the derivatives of w sum |e_p|^2 to what group p decodes to and to its
    codes. x (b, r), decoder (f, r), errors (m b, r), squares (m b,), slopes like values.
    """
    size = len(x)
    groups = len(errors) // size
    factor = values.dtype.type(scale)
    for sample in range(start, stop):
        error = errors[sample]
        sample_x = x[sample]
        for i in range(len(error)):
            error[i] = sample_x[i] - decoder_bias[i]
        for group in range(groups):
            place = group * size + sample
            if group > 0:
                errors[place] = errors[place - size]
            error = errors[place]
            for code in range(first[place], first[place + 1]):
                if latents[code] >= 0:
                    row, value = decoder[latents[code]], values[code]
                    for i in range(len(error)):
                        error[i] -= value * row[i]
            square = values.dtype.type(0)
            for i in range(len(error)):
                square += error[i] * error[i]
            squares[place] = square
        for group in range(groups - 1, -1, -1):
            place = group * size + sample
            error = errors[place]
            for i in range(len(error)):
                error[i] *= factor
            if group < groups - 1:
                later = errors[place + size]
                for i in range(len(error)):
                    error[i] += later[i]
            for code in range(first[place], first[place + 1]):
                slope = values.dtype.type(0)
                if latents[code] >= 0:
                    row = decoder[latents[code]]
                    for i in range(len(error)):
                        slope += error[i] * row[i]
                slopes[code] = slope
