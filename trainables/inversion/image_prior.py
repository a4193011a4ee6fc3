"""What images of the data look like: their principal components, their smoothness, their neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.seeds import generator

COMPONENTS = 50
MOST_IMAGES = 10_000
MOST_QUERIES = 2000
# Share of the pixels' variance that the unit of residuals is at least: data that lies in its plane would
# else forbid every image that is not wholly in it.
LEAST_RESIDUAL = 0.05
SUBSET_SEED = 104_729


@dataclass(frozen=True)
class ImagePrior:
    """mean (p,) and directions (p, c) of the pixels' PCA; the mean squared residual beyond it, at least
    5 % of the variance; the median
    total variation; projected images (n, c) and the median distance of one to its nearest neighbour."""

    mean: Tensor
    directions: Tensor
    residual: float
    total_variation: float
    projected: Tensor
    neighbour_distance: float

    def residuals(self, images: Tensor) -> Tensor:
        """Squared distance of images (b, h, w) to the PCA's plane, 1 = its unit for the data: (b,)."""
        return _residuals(images.flatten(1), self.mean, self.directions) / self.residual

    def variations(self, images: Tensor) -> Tensor:
        """Total variation of images (b, h, w), 1 = the data's median: (b,)."""
        return total_variation(images) / self.total_variation

    def neighbour_ratios(self, images: Tensor) -> Tensor:
        """Distance within the plane to the nearest image of the data, 1 = the data's median: (b,)."""
        at = (images.flatten(1) - self.mean) @ self.directions
        return torch.cdist(at, self.projected).amin(dim=1) / self.neighbour_distance


def fit_image_prior(images: Tensor) -> ImagePrior:
    """The prior of train images (n, h, w), from at most 10,000 of them, which n alone decides.

    50 components, or half as many as there are pixels or images if that is fewer: with as many components
    as pixels every image would lie in the plane. Units are floored at 1e-6, for data without any variation.
    """
    rows = torch.randperm(len(images), generator=generator(SUBSET_SEED))[:MOST_IMAGES].to(images.device)
    flat = images[rows].flatten(1)
    mean = flat.double().mean(dim=0)
    centred = flat.double() - mean
    _, vectors = torch.linalg.eigh((centred.T @ centred).cpu())
    kept = max(1, min(COMPONENTS, flat.shape[1] // 2, len(flat) // 2))
    directions = vectors[:, -kept:].to(flat)
    projected = (flat - mean.to(flat)) @ directions
    return ImagePrior(
        mean=mean.to(flat),
        directions=directions,
        residual=_floored(
            _residuals(flat, mean.to(flat), directions)
            .mean()
            .maximum(LEAST_RESIDUAL * centred.square().sum(1).mean().to(flat))
        ),
        total_variation=_floored(total_variation(images[rows]).median()),
        projected=projected,
        neighbour_distance=_floored(_neighbour_distances(projected).median()),
    )


def total_variation(images: Tensor) -> Tensor:
    """sum |x(y + 1, x) - x(y, x)| + |x(y, x + 1) - x(y, x)| of images (b, h, w): (b,)."""
    down, across = images.diff(dim=1).abs(), images.diff(dim=2).abs()
    return down.flatten(1).sum(1) + across.flatten(1).sum(1)


def _residuals(flat: Tensor, mean: Tensor, directions: Tensor) -> Tensor:
    centred = flat - mean
    return (centred - (centred @ directions) @ directions.T).square().sum(1)


def _neighbour_distances(points: Tensor) -> Tensor:
    """Distance of each of the first 2,000 points to the nearest other one."""
    queries = points[:MOST_QUERIES]
    distances = torch.cdist(queries, points)
    distances[torch.arange(len(queries)), torch.arange(len(queries))] = torch.inf
    return distances.amin(dim=1).nan_to_num(posinf=0.0)


def _floored(value: Tensor) -> float:
    return max(float(value), 1e-6)
