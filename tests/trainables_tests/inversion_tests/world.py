"""A dictionary of known patterns over the pixels themselves, whose inversions are known too."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.metrics.measured import Measured, measure

SIDE = 10
LATENTS = 5


def patterns() -> Tensor:
    """(5, side, side): bars and blocks that hardly overlap."""
    shown = torch.zeros(LATENTS, SIDE, SIDE)
    shown[0, 1:9, 2] = 1
    shown[1, 1:9, 7] = 1
    shown[2, 2, 1:9] = 1
    shown[3, 7, 1:9] = 1
    shown[4, 4:6, 4:6] = 1
    return shown


class PatternModel:
    """h = pixels; u = h . (pattern - 0.3 others) less a threshold, times a gain; rows pattern / gain."""

    def __init__(self, gains: Tensor | None = None, order: Tensor | None = None) -> None:
        order = torch.arange(LATENTS) if order is None else order
        gains = (torch.ones(LATENTS) if gains is None else gains)[order]
        unit = F.normalize(patterns().flatten(1), dim=1)[order]
        self.encoder = ((unit - 0.3 * (unit.sum(0) - unit)) * gains[:, None]).T
        self.bias = -0.5 * gains
        self.decoder = unit / gains[:, None]

    def hidden(self, images: Tensor) -> Tensor:
        return images.flatten(1)

    def head(self, h: Tensor) -> Tensor:
        return h[:, :LATENTS]

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        u = h @ self.encoder + self.bias
        return u, u.relu()

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.decoder + 0.25


def images(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """One or two of the patterns, of varying brightness, over a trace of noise; labels name the first."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, LATENTS, (n,), generator=generator)
    other = torch.randint(0, LATENTS, (n,), generator=generator)
    strength = 0.6 + 0.4 * torch.rand(n, 1, 1, generator=generator)
    second = strength * (torch.rand(n, 1, 1, generator=generator) < 0.5)
    shown = patterns()[labels] * strength + patterns()[other] * second
    return (shown + 0.03 * torch.rand(n, SIDE, SIDE, generator=generator)).clamp(max=1), labels


def measured(model: PatternModel) -> Measured:
    return measure(model, *images(200, 0), *images(150, 1))
