"""Images of known strokes, and a network that reads them: what is a part is known by construction.

A class is a set of strokes: some in one class only, some in two, one in five of ten. Every image draws its
class's strokes with a little jitter, one at random left out, and light grey noise. The hidden layer has one
unit a stroke (template match above a threshold), so a latent is a direction there, or any function of pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 28
CLASSES = 10
# Stroke -> row, column, height, width; classes that draw it.
STROKES: tuple[tuple[tuple[int, int, int, int], tuple[int, ...]], ...] = (
    ((7, 7, 2, 7), (0, 1, 5)),
    ((7, 15, 2, 6), (2, 3, 6)),
    ((13, 7, 2, 7), (4, 5, 8)),
    ((13, 15, 2, 6), (6, 7, 1)),
    ((19, 7, 2, 7), (8, 9, 3)),
    ((19, 15, 2, 6), (0, 4, 7)),
    ((8, 7, 6, 2), (1, 6, 9)),
    ((8, 19, 6, 2), (2, 8, 0)),
    ((14, 7, 6, 2), (3, 7, 2)),
    ((14, 19, 6, 2), (5, 9, 4)),
    ((10, 13, 8, 2), (0, 2, 4, 6, 8)),
)


@dataclass(frozen=True)
class Planted:
    """n images with the strokes (n, s) bool that each was drawn from."""

    images: Tensor
    labels: Tensor
    drawn: Tensor


def templates() -> Tensor:
    """(s, h, w), 1 on a stroke."""
    masks = torch.zeros(len(STROKES), SIDE, SIDE)
    for mask, ((top, left, height, width), _) in zip(masks, STROKES, strict=True):
        mask[top : top + height, left : left + width] = 1
    return masks


def planted(n: int, seed: int = 0) -> Planted:
    draw = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (n,), generator=draw)
    member = torch.tensor([[c in classes for _, classes in STROKES] for c in range(CLASSES)])
    chance = torch.rand(n, len(STROKES), generator=draw)
    # A stroke of the class is drawn in seven images of ten (four, if five classes share it, so that it stays
    # sparse), a foreign one in one of fifty.
    often = torch.tensor([0.4 if len(classes) == 5 else 0.7 for _, classes in STROKES])
    drawn = torch.where(member[labels], chance < often, chance < 0.02)
    strength = 0.7 + 0.3 * torch.rand(n, len(STROKES), generator=draw)
    images = torch.einsum("ns,shw->nshw", drawn * strength, templates()).amax(dim=1)
    return Planted(images, labels, drawn)


class StrokeNetwork:
    """Every latent a unit: u = pixels . weights + bias, h = z = relu(u), read by a linear head.

    names[j] says what latent j is: "stroke", "absence" of one, "ink" (how much in all), "random" (a direction
    of pixels), "veto" (a stroke that ink at the border weakens).
    """

    def __init__(self, data: Planted) -> None:
        strokes = templates().flatten(1)
        means = strokes / strokes.sum(dim=1, keepdim=True)
        border = torch.zeros(SIDE, SIDE)
        border[:4], border[-4:], border[:, :4], border[:, -4:] = 1, 1, 1, 1
        border = border.flatten() / border.sum()
        pixels = data.images.flatten(1)
        random = torch.randn(6, pixels.shape[1], generator=torch.Generator().manual_seed(5)) / SIDE
        kinds = {
            "stroke": (means, torch.full((len(means),), -0.65)),
            "absence": (-means[:3], torch.full((3,), 0.3)),
            "ink": (torch.ones(1, pixels.shape[1]) / 40, _cut(pixels.sum(dim=1, keepdim=True) / 40)),
            "random": (random, _cut(pixels @ random.T)),
            "veto": (means[:3] - 2.0 * border, torch.full((3,), -0.65)),
        }
        self.names = [name for name, (rows, _) in kinds.items() for _ in rows]
        self._weights = torch.cat([rows for rows, _ in kinds.values()])
        self._bias = torch.cat([bias for _, bias in kinds.values()])
        member = F.one_hot(data.labels, CLASSES).float()
        h = self.hidden(data.images)
        share = (h > 0).float().T @ member / (h > 0).float().sum(dim=0).clamp(min=1)[:, None]
        self._head = share - member.mean(dim=0)

    def columns(self, name: str) -> Tensor:
        """The latents of one kind."""
        return torch.tensor([j for j, own in enumerate(self.names) if own == name])

    def hidden(self, images: Tensor) -> Tensor:
        return F.relu(images.flatten(1) @ self._weights.T + self._bias)

    def head(self, h: Tensor) -> Tensor:
        return h @ self._head

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        return h, h

    def decode(self, z: Tensor) -> Tensor:
        return z


def _cut(values: Tensor) -> Tensor:
    """The bias with which columns of values (n, c) exceed 0 in a tenth of the images: (c,)."""
    return -values.quantile(0.9, dim=0)
