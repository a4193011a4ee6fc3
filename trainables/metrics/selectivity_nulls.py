"""What directions that nobody trained score when they fire as often as a latent does.

Selectivity depends on density: thresholding directions to fire on 5 % of images lifts their class
selectivity from 0.6 to above 0.8. So a direction d is turned into a code relu(p - t), p = (h - mean) d, with
t such that it fires on exactly m images, for a grid of m; a latent that fires on m_j images is held against
the curve at m_j. The curves are computed once for a classifier, not once for an SAE.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.metrics.chance import above_chance
from trainables.metrics.selectivity import FEWEST
from trainables.metrics.selectivity_statistics import STATISTICS, statistics

GRID = 12
# Directions of which codes are held at once: of some thousand they would fill a gigabyte.
CHUNK = 512


@dataclass(frozen=True)
class Matched:
    """A mean over judged latents beside the same of directions at the latents' own firing counts."""

    value: float
    null: float

    @property
    def skill(self) -> float:
        """0 = as untrained directions, 1 = perfect."""
        return above_chance(self.value, self.null)


def firing_grid(n_images: int) -> Tensor:
    """Firing counts, rising, from 10 to all but one image, equally spaced in their logarithm: (g,) int64."""
    last = max(1, n_images - 1)
    first = min(FEWEST, last)
    exponents = torch.linspace(math.log(first), math.log(last), GRID, dtype=torch.float64)
    return exponents.exp().round().long().unique()


def matched_curves(
    h: Tensor, labels: Tensor, n_classes: int, embedding: Tensor, directions: Tensor
) -> dict[str, Tensor]:
    """Mean of each of STATISTICS over directions (c, d) on h (n, d) at each count of the grid: (g,) each.

    A direction with equal values on several images (a neuron at 0) may fire on fewer than m.
    """
    grid = firing_grid(len(h)).clamp(max=len(h) - 1).tolist()
    centred = h - h.mean(dim=0)
    sums = {name: torch.zeros(len(grid), dtype=torch.float64) for name in STATISTICS}
    for part in directions.split(CHUNK):
        projected = centred @ part.T
        ordered = projected.sort(dim=0, descending=True).values
        for place, count in enumerate(grid):
            found = statistics((projected - ordered[count]).clamp(min=0), labels, n_classes, embedding)
            for name in STATISTICS:
                sums[name][place] += float(found[name].sum())
    return {name: total / len(directions) for name, total in sums.items()}


def strongest(curves: Mapping[str, Tensor], n_images: int, counts: Tensor) -> Tensor:
    """Of the families' curves (g,) the one with the largest mean at the latents' firing counts (c,)."""
    return max(curves.values(), key=lambda curve: mean_at(curve, n_images, counts))


def at_counts(curve: Tensor, grid: Tensor, counts: Tensor) -> Tensor:
    """The curve (g,) at firing counts (c,), linear in their logarithm, flat beyond the grid: (c,) float64."""
    at = counts.double().clamp(float(grid[0]), float(grid[-1])).log()
    knots = grid.double().log()
    if len(knots) == 1:
        return curve.expand(len(counts))
    right = torch.searchsorted(knots, at).clamp(1, len(knots) - 1)
    share = (at - knots[right - 1]) / (knots[right] - knots[right - 1])
    return curve[right - 1] * (1 - share) + curve[right] * share


def mean_at(curve: Tensor, n_images: int, counts: Tensor) -> float:
    """Mean of the curve at the firing counts of judged latents; its own mean where there is none."""
    at = at_counts(curve, firing_grid(n_images), counts.cpu())
    return float(at.mean()) if at.numel() else float(curve.mean())


def matched(values: Tensor, counts: Tensor, curve: Tensor, n_images: int) -> Matched:
    """Latents' values (c,) and firing counts (c,) on n images against a curve of `matched_curves`.

    Latents that fire on fewer than 10 images are left out; with none left the value is the null's.
    """
    judged = counts >= FEWEST
    null = mean_at(curve, n_images, counts[judged])
    return Matched(float(values[judged].mean()) if bool(judged.any()) else null, null)
