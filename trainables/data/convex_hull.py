"""The filled convex hull of a mask: the strokes and all the space between them."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

# Two boundaries that differ at all differ by more than 1 / h^2; what arithmetic leaves is far less.
_TOLERANCE = 1e-4
# Where the ends of a row without pixels are put: so far out that no line to it passes within any image.
_BEYOND = 1e7


def filled_hull(mask: Tensor) -> Tensor:
    """Pixels whose centre lies in the convex hull of the mask's pixel centres, exactly.

    mask (n, h, w) bool; returns bool of the same shape. An empty mask has an empty hull. In row y the hull
    is an interval. Its left end is the least that two rows' leftmost pixels give by interpolation,
        left(y) = min over a <= y <= b of (l(a) (b - y) + l(b) (y - a)) / (b - a),
    and the right end likewise.
    """
    height, width = mask.shape[1:]
    column = torch.arange(width, device=mask.device, dtype=torch.float32)
    leftmost = torch.where(mask, column, _BEYOND).amin(dim=2)
    rightmost = torch.where(mask, column, -_BEYOND).amax(dim=2)
    weights = _between(height).to(mask.device)
    lines = torch.cat([leftmost, -rightmost]) @ weights
    left, right = lines.view(2, len(mask), height, weights.shape[1] // height).amin(dim=3)[..., None]
    return (column >= left - _TOLERANCE) & (column <= -right + _TOLERANCE)


@cache
def _between(height: int) -> Tensor:
    """Weights (h, h * m) by which the ends of rows give all lines between a row above (or y) and a row below
    (or y), at every row y; m is the most that a row has of them, and rows with fewer repeat their own end."""
    most = max((y + 1) * (height - y) for y in range(height))
    weights = torch.zeros(height, height, most)
    for y in range(height):
        weights[y, y] = 1.0
        pairs = [(a, b) for a in range(y + 1) for b in range(y, height) if b > a]
        for place, (a, b) in enumerate(pairs):
            weights[:, y, place] = 0.0
            weights[a, y, place], weights[b, y, place] = (b - y) / (b - a), (y - a) / (b - a)
    return weights.flatten(1)
