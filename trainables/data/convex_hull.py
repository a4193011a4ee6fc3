"""The filled convex hull of a mask: the strokes and all the space between them."""

from __future__ import annotations

import torch
from torch import Tensor

# Two boundaries that differ at all differ by more than 1 / h^2; what arithmetic leaves is far less.
_TOLERANCE = 1e-4


def filled_hull(mask: Tensor) -> Tensor:
    """Pixels whose centre lies in the convex hull of the mask's pixel centres, exactly.

    mask (n, h, w) bool; returns bool of the same shape. An empty mask has an empty hull. In row y the hull
    is an interval. Its left end is the least that two rows' leftmost pixels give by interpolation,
        left(y) = min over a <= y <= b of (l(a) (b - y) + l(b) (y - a)) / (b - a),
    and the right end likewise.
    """
    height, width = mask.shape[1:]
    column = torch.arange(width, device=mask.device, dtype=torch.float32)
    leftmost = torch.where(mask, column, torch.inf).amin(dim=2)
    rightmost = torch.where(mask, column, -torch.inf).amax(dim=2)
    inside = torch.zeros_like(mask)
    for y in range(height):
        left = _interpolated(leftmost, y).flatten(1).amin(1)
        right = -_interpolated(-rightmost, y).flatten(1).amin(1)
        inside[:, y] = (column >= left[:, None] - _TOLERANCE) & (column <= right[:, None] + _TOLERANCE)
    return inside


def _interpolated(ends: Tensor, y: int) -> Tensor:
    """At row y, the line between every row above (or y) and every row below (or y): (n, y + 1, h - y)."""
    height = ends.shape[1]
    above, below = ends[:, : y + 1, None], ends[:, None, y:]
    a = torch.arange(y + 1, device=ends.device, dtype=ends.dtype)[:, None]
    b = torch.arange(y, height, device=ends.device, dtype=ends.dtype)[None]
    share = torch.where(b > a, (y - a) / (b - a).clamp(min=1), 0.0)
    line = above * (1 - share) + below * share
    # An empty row is infinite, and infinity times a share of 0 is no number.
    return torch.where(torch.isinf(above) | torch.isinf(below), torch.inf, line)
