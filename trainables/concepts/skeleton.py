"""Thinning of many bitmaps at once, and what ends and meets in the lines that are left.

A pixel goes, alternately from the lower right and the upper left, while that leaves the line in one piece
(Zhang and Suen 1984, "A fast parallel algorithm for thinning digital patterns").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Bools = npt.NDArray[np.bool_]
# (row, column) of the eight neighbours, clockwise from the upper one.
AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
IN_PLANE = np.zeros((3, 3, 3), dtype=bool)
IN_PLANE[1] = True


def skeleton(mask: Bools) -> Bools:
    """The centre lines, one pixel wide, of bool (n, h, w)."""
    thin = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    active = np.arange(len(thin))
    while len(active):
        part = thin[active]
        changed = np.zeros(len(active), dtype=bool)
        for table in _REMOVABLE:
            going = part & table[neighbourhoods(part)]
            part &= ~going
            changed |= going.any(axis=(1, 2))
        thin[active] = part
        active = active[changed]
    return thin[:, 1:-1, 1:-1]


def neighbourhoods(mask: Bools) -> npt.NDArray[np.uint8]:
    """Which of the eight neighbours are there, a bit each in the order of `AROUND`: uint8 (n, h, w)."""
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1))).view(np.uint8)
    h, w = mask.shape[1:]
    code = np.zeros(mask.shape, dtype=np.uint8)
    for bit, (row, column) in enumerate(AROUND):
        code |= padded[:, 1 + row : 1 + row + h, 1 + column : 1 + column + w] << bit
    return code


def ends(thin: Bools) -> Bools:
    """Pixels of a skeleton with one neighbour."""
    return thin & _IS_END[neighbourhoods(thin)]


def junctions(thin: Bools) -> Bools:
    """One pixel for every place where three lines or more meet."""
    meeting = thin & _IS_JUNCTION[neighbourhoods(thin)]
    places, count = ndimage.label(meeting, structure=IN_PLANE)
    kept = np.zeros_like(meeting)
    if count:
        flat = places.ravel()
        _, first = np.unique(flat, return_index=True)
        kept.ravel()[first[flat[first] > 0]] = True
    return kept


def length(thin: Bools) -> npt.NDArray[np.float64]:
    """Steps along the lines, sqrt(2) for a diagonal one that no straight one replaces: (n,)."""
    straight = (thin[:, 1:] & thin[:, :-1]).sum(axis=(1, 2)) + (thin[:, :, 1:] & thin[:, :, :-1]).sum(
        axis=(1, 2)
    )
    a, b, c, d = thin[:, :-1, :-1], thin[:, :-1, 1:], thin[:, 1:, :-1], thin[:, 1:, 1:]
    diagonal = (a & d & ~b & ~c).sum(axis=(1, 2)) + (b & c & ~a & ~d).sum(axis=(1, 2))
    return np.asarray(straight + np.sqrt(2) * diagonal, dtype=np.float64)


def _bits() -> Bools:
    """(256, 8): the neighbours of every code."""
    return (np.arange(256)[:, None] >> np.arange(8) & 1).astype(bool)


def _crossings() -> npt.NDArray[np.int64]:
    """How often a walk around the pixel steps from off to on: (256,)."""
    bits = _bits()
    return np.asarray((~bits & np.roll(bits, -1, axis=1)).sum(axis=1))


def _removable(side: int) -> Bools:
    bits = _bits()
    up, right, down, left = bits[:, 0], bits[:, 2], bits[:, 4], bits[:, 6]
    count = bits.sum(axis=1)
    if side == 0:
        edge = ~(up & right & down) & ~(right & down & left)
    else:
        edge = ~(up & right & left) & ~(up & down & left)
    return np.asarray((count >= 2) & (count <= 6) & (_crossings() == 1) & edge)


_REMOVABLE = (_removable(0), _removable(1))
_IS_END = np.asarray(_bits().sum(axis=1) == 1)
_IS_JUNCTION = np.asarray(_crossings() >= 3)
