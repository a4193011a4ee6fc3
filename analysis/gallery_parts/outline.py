"""The border of a mask as an SVG path, so that it stays a hairline at any size."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

_Corner = tuple[int, int]
# What remains of a closed walk, by corner (row, column): where its edges go.
_Edges = dict[_Corner, list[_Corner]]


def outline(mask: np.ndarray) -> str:
    """Closed loops around the True pixels of mask (h, w), in units of pixels; "" if there are none.

    Loops run with the mask at their right hand; runs of equal direction are one step.
    """
    edges = _edges(mask)
    loops = []
    while edges:
        loops.append(_written(_loop(edges)))
    return "".join(loops)


def _edges(mask: np.ndarray) -> _Edges:
    """Every side between a True pixel and one that is not, as an arrow from corner to corner."""
    padded = np.pad(np.asarray(mask, dtype=bool), 1)
    inside = padded[1:-1, 1:-1]
    edges: _Edges = {}
    sides = (
        (~padded[:-2, 1:-1], (0, 0), (0, 1)),  # above: to the right
        (~padded[1:-1, 2:], (0, 1), (1, 1)),  # right: downwards
        (~padded[2:, 1:-1], (1, 1), (1, 0)),  # below: to the left
        (~padded[1:-1, :-2], (1, 0), (0, 0)),  # left: upwards
    )
    for open_side, start, end in sides:
        for row, column in np.argwhere(inside & open_side).tolist():
            begin = (row + start[0], column + start[1])
            edges.setdefault(begin, []).append((row + end[0], column + end[1]))
    return edges


def _loop(edges: _Edges) -> list[_Corner]:
    """Walk one loop and take its edges away. The first corner is not repeated at the end."""
    first = next(iter(edges))
    walked = [first]
    while True:
        ends = edges[walked[-1]]
        corner = ends.pop()
        if not ends:
            del edges[walked[-1]]
        if corner == first:
            return walked
        walked.append(corner)


def _written(loop: list[_Corner]) -> str:
    """`M x y` and relative steps, one for each straight run, `z` for the last."""
    turns = [
        corner
        for before, corner, after in zip([loop[-1], *loop[:-1]], loop, [*loop[1:], loop[0]], strict=True)
        if (corner[0] - before[0], corner[1] - before[1]) != (after[0] - corner[0], after[1] - corner[1])
    ]
    text = f"M{turns[0][1]} {turns[0][0]}"
    for before, corner in pairwise(turns):
        down, right = corner[0] - before[0], corner[1] - before[1]
        text += f"h{right}" if down == 0 else f"v{down}"
    return f"{text}z"
