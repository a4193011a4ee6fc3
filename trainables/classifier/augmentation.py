"""Train images with noise where no stroke is."""

from __future__ import annotations

import torch


def randomised_background(
    images: torch.Tensor, mask: torch.Tensor, amplitude: float, generator: torch.Generator
) -> torch.Tensor:
    """x * M + n * (1 - M) with n ~ U[0, amplitude] per pixel: the strokes stay, all else is drawn anew.

    images (b, h, w) in [0, 1], mask bool (b, h, w), amplitude in [0, 1], generator on the images' device.
    What lies off the strokes then says nothing about the class (Ross et al. 2017 call such a mask the
    reason that is right; here the data, not a penalty, carry it).
    """
    noise = torch.rand(images.shape, generator=generator, device=images.device, dtype=images.dtype)
    return torch.where(mask, images, amplitude * noise)
