"""First weights that stay near their unit's own place in the image."""

from __future__ import annotations

import math

import torch

from trainables.losses.training_batch import TrainingBatch


def first_layer_distance_l1(batch: TrainingBatch) -> torch.Tensor:
    """mean_j sum_p |W_jp| * |p - c_j| / D, >= 0: every weight costs its length of wire.

    W (units, h, w): `Network.pixel_weights`; c_j: place of unit j, see `unit_places`; D: the image's
    diagonal. The wiring cost of brain-inspired modular training (Liu, Gan & Tegmark 2023,
    arXiv 2305.08746) for the first layer alone, without its swaps of units.
    """
    weights = batch.network.pixel_weights()
    units, height, width = weights.shape
    return (weights.abs() * _lengths(units, height, width).to(weights)).sum(dim=(1, 2)).mean()


def unit_places(units: int, height: int, width: int) -> torch.Tensor:
    """Row and column of every unit, (units, 2) float64: rows of a grid over the image, filled in order.

    The grid has ceil(sqrt(units)) columns and as many rows as it takes; a place is the middle of its
    cell, in pixels from the middle of the first one.
    """
    columns = math.isqrt(units - 1) + 1
    rows = -(-units // columns)
    number = torch.arange(units, dtype=torch.float64)
    row, column = (number // columns), number % columns
    return torch.stack([(row + 0.5) * height / rows - 0.5, (column + 0.5) * width / columns - 0.5], dim=1)


def _lengths(units: int, height: int, width: int) -> torch.Tensor:
    """Way of every pixel to every unit in image diagonals: (units, h, w) float64 in [0, 1]."""
    place = unit_places(units, height, width)
    down = torch.arange(height, dtype=torch.float64)[None, :, None] - place[:, 0, None, None]
    across = torch.arange(width, dtype=torch.float64)[None, None, :] - place[:, 1, None, None]
    return (down.square() + across.square()).sqrt() / math.hypot(height, width)
