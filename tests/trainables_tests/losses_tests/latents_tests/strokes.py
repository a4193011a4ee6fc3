"""Digits of two strokes, and linear latents that look at one of them, at both, or at the border."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.losses.latents.latent_batch import LatentBatch
from trainables.seeds import generator

SIDE = 14
FIRST, SECOND, OTHER, BORDER = (torch.zeros(SIDE, SIDE, dtype=torch.float64) for _ in range(4))
FIRST[3:8, 4] = 1.0
SECOND[6:11, 9] = 1.0
OTHER[11, 3:8] = 1.0
BORDER[0], BORDER[-1], BORDER[:, 0], BORDER[:, -1] = 1.0, 1.0, 1.0, 1.0
# Two classes, 12 images each: both strokes (ink 10), and another one.
IMAGES = torch.cat([(FIRST + SECOND).expand(12, -1, -1), OTHER.expand(12, -1, -1)])
LABELS = torch.tensor([0] * 12 + [1] * 12)
THETA = torch.tensor(1.0, dtype=torch.float64)

LOCAL = FIRST
DIFFUSE = 0.5 * (FIRST + SECOND)


def batch_of(*latents: Tensor, images: Tensor = IMAGES, seed: int = 0) -> LatentBatch:
    """Latents u_j = <w_j, x>, whose weights w_j are images."""
    weights = torch.stack(latents).flatten(1).T.clone().requires_grad_()

    def read(given: Tensor) -> Tensor:
        return given.to(weights).flatten(1) @ weights

    return LatentBatch(
        read,
        images,
        LABELS[: len(images)],
        read(images),
        THETA,
        encoder=weights,
        decoder=weights.T,
        generator=generator(seed),
        read_one=one_of(read),
    )


def one_of(read: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """One latent of each image, by reading all."""
    return lambda images, latents: read(images).gather(1, latents[:, None]).squeeze(1)
