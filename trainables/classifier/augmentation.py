"""Train images as a step sees them: moved, partly covered, with ink of others, with noise off the strokes."""

from __future__ import annotations

import torch

from trainables.edits.far_ink import with_far_ink
from trainables.losses.digit_views import Motion, moved
from trainables.settings.classifier import ClassifierTrainingConfig


def changes(config: ClassifierTrainingConfig) -> bool:
    """Whether any augmentation is on."""
    return any(
        value > 0
        for value in (
            config.shift, config.rotation, config.scale, config.elastic, config.erasing, config.foreign_ink
        )
    )  # fmt: skip


def is_augmented(step: int, share: float) -> bool:
    """Whether the batch at `step` (from 0) is among the share, which lie evenly; no draw is spent on it."""
    return int((step + 1) * share + 1e-9) > int(step * share + 1e-9)


def augmented(
    images: torch.Tensor, config: ClassifierTrainingConfig, generator: torch.Generator
) -> torch.Tensor:
    """images (b, h, w) in [0, 1], each changed by draws of its own as far as the settings go.

    First moved, then foreign ink, then a hole. generator: on the images' device.
    """
    motion = Motion(config.shift, config.rotation, config.scale, config.elastic)
    if motion != Motion(0, 0, 0, 0):
        images = moved(images, motion, generator).clamp(0, 1)
    if config.foreign_ink > 0:
        chance = torch.rand(len(images), 1, 1, generator=generator, device=images.device)
        images = torch.where(chance < config.foreign_ink, with_far_ink(images, generator), images)
    if config.erasing > 0:
        images = images * ~random_rectangles(images.shape, config.erasing, generator, images.device)
    return images


def random_rectangles(
    shape: torch.Size, most: float, generator: torch.Generator, device: torch.device
) -> torch.Tensor:
    """A rectangle for each image, whole inside it, of area U[0, most] and sides 1:2 to 2:1: bool (b, h, w).

    Random erasing (Zhong et al. 2017, arXiv 1708.04896), with black in place of noise: a hole is no ink.
    """
    n, height, width = shape
    draws = torch.rand(4, n, generator=generator, device=device)
    area, aspect = most * draws[0], 2 ** (2 * draws[1] - 1)
    masks = []
    for side, length, start in (
        (height, (area * aspect).sqrt(), draws[2]),
        (width, (area / aspect).sqrt(), draws[3]),
    ):
        size = length.clamp(max=1) * side
        first = start * (side - size)
        at = torch.arange(side, device=device) + 0.5
        masks.append((at >= first[:, None]) & (at < (first + size)[:, None]))
    return masks[0][:, :, None] & masks[1][:, None, :]


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
