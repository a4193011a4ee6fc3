"""Small random shifts, rotations and zooms, under which a pattern that a latent reads should survive."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.inversion.settings import InversionConfig


def affine_maps(count: int, settings: InversionConfig, generator: torch.Generator) -> Tensor:
    """`count` random maps (count, 2, 3) in the coordinates of `affine_grid`, uniform within the settings."""
    angle, zoom, across, down = torch.rand(4, count, generator=generator) * 2 - 1
    angle, zoom = angle * math.radians(settings.rotation), 1 + zoom * settings.zoom
    # The grid spans [-1, 1], and jitter is in pixels of a 28-pixel image.
    shift = 2 * settings.jitter / 28
    cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
    return torch.stack(
        [torch.stack([cos, -sin, across * shift], dim=1), torch.stack([sin, cos, down * shift], dim=1)], dim=1
    )


def transformed(images: Tensor, maps: Tensor) -> Tensor:
    """Images (b, h, w) under maps (b, 2, 3), bilinear, black beyond the edges."""
    grid = F.affine_grid(maps, [len(images), 1, *images.shape[1:]], align_corners=False)
    return F.grid_sample(images[:, None], grid, padding_mode="zeros", align_corners=False)[:, 0]
