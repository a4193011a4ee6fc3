"""Whether the pixels that a map ranks first are those that the latent needs.

Pixels are taken in the map's order, largest |A| first, and after each of S equal steps the code is read:
    deletion   taken pixels are replaced by resampled ones; a good order makes the code fall early
    insertion  taken pixels are shown on an image that is resampled everywhere else; it should rise early
    AUC = (sum_k s_k - s_0 / 2 - s_S / 2) / S,   s_k = min(1, z_j(masked) / z_j(x)),   in [0, 1].
A resampled image may excite the latent as well, so no order brings the deletion curve below s_S, where all
pixels are resampled. Deletion is therefore the area above that floor, AUC - (s_0 / 2 + (S - 1 / 2) s_S) / S,
which is 0 for a map whose first pixels do all: without it a perfect map had a skill below 1.
Petsiuk et al. 2018 (arXiv 1806.07421). A resampled pixel is that of a random image at the same place:
black would leave background as it is, and the map's claims about background untested. The null is the
same in random order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.metrics.latent_image_pairs import Pairs

STEPS = 28
DRAWS = 2
IMAGES_AT_ONCE = 8192


@dataclass(frozen=True)
class Faithfulness:
    """Mean areas over latents, and those of random orders; deletion's above its floor."""

    deletion: float
    deletion_null: float
    insertion: float
    insertion_null: float


@torch.no_grad()
def faithfulness(
    codes: Callable[[Tensor], Tensor], maps: Tensor, pairs: Pairs, images: Tensor, seed: int
) -> Faithfulness:
    """AUCs of maps (p, h, w), one for each of `pairs`, among images (n, h, w).

    codes: images (b, h, w) -> z (b, f) >= 0. Replacements are drawn per image, random orders once for all.
    Without a latent there is no skill: 1, 1, 0, 0.
    """
    if not len(pairs):
        return Faithfulness(1.0, 1.0, 0.0, 0.0)
    generator = torch.Generator().manual_seed(seed)
    ranks = pixel_ranks(maps)
    totals = torch.zeros(4, dtype=torch.float64)
    for _ in range(DRAWS):
        other = resampled(images, len(pairs.images), generator)
        order = torch.rand(1, *images.shape[1:], generator=generator).to(images)
        chance = pixel_ranks(order).expand_as(ranks)
        for place, taken in ((0, ranks), (1, chance)):
            deleted, inserted = _areas(codes, taken, other, pairs, images)
            totals[place] += float(pairs.latent_means(deleted).mean())
            totals[place + 2] += float(pairs.latent_means(inserted).mean())
    return Faithfulness(*(totals / DRAWS).tolist())


def pixel_ranks(maps: Tensor) -> Tensor:
    """0 for the pixel of largest |A|, then 1, 2, ...; equal values in pixel order. (p, h, w) int64."""
    order = maps.abs().flatten(1).argsort(dim=1, descending=True, stable=True)
    return order.argsort(dim=1).view(maps.shape)


def resampled(images: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` images (count, h, w), each pixel from its own random one of images (n, h, w)."""
    rows = torch.randint(len(images), (count, *images.shape[1:]), generator=generator).to(images.device)
    return images.gather(0, rows)


def area(curve: Tensor) -> Tensor:
    """Trapezoidal area (p,) under a curve of S + 1 readings (S + 1, p)."""
    return (curve.sum(0) - curve[0] / 2 - curve[-1] / 2) / (len(curve) - 1)


def floor(curve: Tensor) -> Tensor:
    """Area (p,) under a curve that falls to its last reading at the first step, of (S + 1, p)."""
    return (curve[0] / 2 + (len(curve) - 1.5) * curve[-1]) / (len(curve) - 1)


def _areas(
    codes: Callable[[Tensor], Tensor], ranks: Tensor, other: Tensor, pairs: Pairs, images: Tensor
) -> tuple[Tensor, Tensor]:
    """Deletion above its floor and insertion of each pair, (p,) float64 each."""
    deleted: list[Tensor] = []
    inserted: list[Tensor] = []
    n_pixels = images[0].numel()
    steps = torch.linspace(0, n_pixels, STEPS + 1, dtype=torch.float64).round().to(images.device)
    pictures = images[pairs.images]
    for part in torch.arange(len(pairs), device=images.device).split(max(1, IMAGES_AT_ONCE // (STEPS + 1))):
        own, foreign = pictures[pairs.at[part]], other[pairs.at[part]]
        taken = ranks[part] < steps[:, None, None, None]
        column = pairs.column[part]
        clean = codes(own).gather(1, column[:, None])[:, 0].double()
        for curves, mixed in (
            (deleted, torch.where(taken, foreign, own)),
            (inserted, torch.where(taken, own, foreign)),
        ):
            z = codes(mixed.flatten(0, 1)).gather(1, column.repeat(STEPS + 1)[:, None])
            share = z.view(STEPS + 1, -1).double() / clean.clamp(min=torch.finfo(torch.float32).tiny)
            curve = share.clamp(max=1)
            curves.append(area(curve) - floor(curve) if curves is deleted else area(curve))
    return torch.cat(deleted), torch.cat(inserted)
