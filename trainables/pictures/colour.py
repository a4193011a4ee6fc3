"""Numbers as colours: grey digits, signed maps in two hues, and a signed map over a pale digit.

The signed scale runs from blue through paper white to orange. Blue and orange differ for every common kind
of colour blindness, both ends are equally dark, and 0 has no hue. It has an odd number of steps, so that
exactly 0 is exactly paper; few enough steps that a picture and its grey captions fit a PNG palette.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from torch import Tensor

Array = np.ndarray | Tensor

# Light at -1, -1/2, 0, 1/2, 1 of the limit, sRGB.
_ANCHORS = np.array([[8, 69, 148], [107, 164, 216], [250, 249, 246], [231, 147, 78], [140, 45, 4]], float)
_HALF = 120
_OVERLAY_HALF = 15
_INK_LEVELS = 8
# How dark the digit under an attribution is: dark enough to be seen, pale enough to leave room for colour.
_INK = 0.42


def grey(images: Array) -> np.ndarray:
    """Images (..., h, w) in [0, 1] -> uint8 (..., h, w), black = 0. What is outside is clipped, NaN is 0."""
    values = np.nan_to_num(np.asarray(images, dtype=np.float64), nan=0.0)
    return np.rint(values.clip(0.0, 1.0) * 255).astype(np.uint8)


def ink(images: Array) -> np.ndarray:
    """The same images on paper: black = 0 becomes white, what was light dark ink."""
    return 255 - grey(images)


def signed(values: Array, limit: float) -> np.ndarray:
    """Signed maps (..., h, w) -> uint8 RGB (..., h, w, 3): -limit blue, 0 paper, +limit orange.

    Values beyond the limit take the colour at the end; NaN, and everything if limit is not above 0, is paper.
    """
    return _scale(_HALF)[_steps(values, limit, _HALF)]


def overlay(images: Array, values: Array, limit: float) -> np.ndarray:
    """Signed maps over their digits, both (..., h, w) -> uint8 RGB (..., h, w, 3).

    The digit is pale grey ink on paper and the map a coloured glass on it: the colours of `signed` times
    the ink's lightness. At most 31 x 8 colours occur, which is a palette.
    """
    ink = np.nan_to_num(np.asarray(images, dtype=np.float64), nan=0.0).clip(0.0, 1.0)
    ink = np.rint(ink * (_INK_LEVELS - 1)) / (_INK_LEVELS - 1)
    glass = _scale(_OVERLAY_HALF)[_steps(values, limit, _OVERLAY_HALF)]
    return np.rint(glass * (1.0 - _INK * ink)[..., None]).astype(np.uint8)


def limit_of(values: Array) -> float:
    """The largest finite |value|, to be the limit of a scale; 0 if there is none."""
    magnitudes = np.abs(np.asarray(values, dtype=np.float64))
    return float(magnitudes.max(initial=0.0, where=np.isfinite(magnitudes)))


def _steps(values: Array, limit: float, half: int) -> np.ndarray:
    """Index of each value in a scale of 2 half + 1 steps, `half` being 0."""
    if not limit > 0:
        return np.full(np.shape(values), half)
    # Divided first: a limit of 1e-40 times anything else would lose its digits.
    relative = np.nan_to_num(np.asarray(values, dtype=np.float64) / limit, nan=0.0).clip(-1.0, 1.0)
    return np.rint(relative * half).astype(np.int64) + half


@cache
def _scale(half: int) -> np.ndarray:
    """The colours of the scale, uint8 (2 half + 1, 3)."""
    at, anchors = np.linspace(-1, 1, 2 * half + 1), np.linspace(-1, 1, len(_ANCHORS))
    channels = [np.interp(at, anchors, _ANCHORS[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
