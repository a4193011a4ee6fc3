"""Which pixels belong to the strokes of a digit."""

from __future__ import annotations

import torch


def stroke_mask(images: torch.Tensor, radius: int = 1) -> torch.Tensor:
    """Pixels of at least half the image's own maximum, grown by `radius` steps in the four directions.

    M = dilate(x >= 0.5 max(x)), one step being a dilation by the 3x3 cross, so that radius r reaches
    every pixel at most r steps (|dy| + |dx| <= r) from a bright one. An image without any light has
    an empty mask.

    images (..., h, w) with values >= 0; returns bool of the same shape on the same device.
    """
    if images.dim() < 2:
        raise ValueError(f"images need a height and a width, got shape {tuple(images.shape)}")
    if radius < 0:
        raise ValueError(f"radius must be at least 0, got {radius}")
    brightest = images.amax(dim=(-2, -1), keepdim=True)
    mask = (images >= 0.5 * brightest) & (brightest > 0)
    for _ in range(radius):
        mask = _grown_by_cross(mask)
    return mask


def _grown_by_cross(mask: torch.Tensor) -> torch.Tensor:
    grown = mask.clone()
    grown[..., 1:, :] |= mask[..., :-1, :]
    grown[..., :-1, :] |= mask[..., 1:, :]
    grown[..., :, 1:] |= mask[..., :, :-1]
    grown[..., :, :-1] |= mask[..., :, 1:]
    return grown
