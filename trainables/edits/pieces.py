"""Pieces of a digit that hold a share of its ink: where a latent looks, and anywhere."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# Nodes along a side of the noise whose hills are random blobs.
NOISE_NODES = 5


def holding_ink(scores: Tensor, images: Tensor, share: float | Tensor) -> Tensor:
    """The inked pixels of largest score that hold `share` of an image's ink: bool (b, h, w).

    scores, images (b, h, w), images >= 0; share a number or (b, 1). Pixels are taken from the best down until
    the share is reached, so that the last one may exceed it; equal scores in the order of the sort.
    """
    ink = images.flatten(1)
    ranked = torch.where(ink > 0, scores.flatten(1), -torch.inf)
    order = ranked.argsort(dim=1, descending=True, stable=True)
    sorted_ink = ink.gather(1, order)
    before = sorted_ink.cumsum(dim=1) - sorted_ink
    taken = (before < share * ink.sum(dim=1, keepdim=True)) & (sorted_ink > 0)
    return torch.zeros_like(taken).scatter_(1, order, taken).view_as(images)


def blurred(maps: Tensor) -> Tensor:
    """Mean over a square round each pixel, maps (b, h, w): 5x5 of 28x28 pixels, 3x3 of 8x8."""
    reach = max(1, round(2 * min(maps.shape[1:]) / 28))
    return functional.avg_pool2d(maps.unsqueeze(1), 2 * reach + 1, stride=1, padding=reach).squeeze(1)


def smooth_noise(shape: torch.Size, generator: torch.Generator, device: torch.device) -> Tensor:
    """Hills and valleys (b, h, w): 5x5 normal draws, bicubic between them."""
    n, height, width = shape
    nodes = torch.randn(n, 1, NOISE_NODES, NOISE_NODES, generator=generator, device=device)
    hills = functional.interpolate(nodes, (height, width), mode="bicubic", align_corners=False)
    return hills.squeeze(1)


def random_piece(images: Tensor, share: float | Tensor, generator: torch.Generator) -> Tensor:
    """A random blob that holds `share` of each image's ink: bool (b, h, w)."""
    return holding_ink(smooth_noise(images.shape, generator, images.device), images, share)


def ink_overlap(piece: Tensor, other: Tensor, images: Tensor) -> Tensor:
    """Share (b,) of a piece's ink that another piece holds too; 0 for a piece without ink."""
    own = (images * piece).sum(dim=(1, 2))
    return (images * (piece & other)).sum(dim=(1, 2)) / own.clamp(min=1e-12)
