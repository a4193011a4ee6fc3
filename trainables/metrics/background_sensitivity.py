"""How much a code changes when only the background does: the causal companion of junk, without gradients.

    B_j = E |z_j(x * M + n * (1 - M)) - z_j(x)| / E z_j(x),   n ~ U[0, 0.3] per pixel, M the stroke mask,
both means over 2 draws of n and the 32 images on which latent j is largest, where the denominator cannot
vanish. 0 = the background is not read; 1 = the code changes by its own size, as when it falls silent.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.batches import in_batches
from trainables.data.stroke_mask import stroke_mask
from trainables.metrics import junk
from trainables.metrics.latent_image_pairs import Pairs, firing_pairs
from trainables.metrics.measured import Measured

DRAWS = 2
BRIGHTEST = 0.3


@torch.no_grad()
def latent_sensitivity(codes: Callable[[Tensor], Tensor], pairs: Pairs, images: Tensor, seed: int) -> Tensor:
    """B_j of the latents of `pairs`, (l,) float64 >= 0. codes: images (b, h, w) -> z (b, f) >= 0."""
    generator = torch.Generator().manual_seed(seed)
    pictures = images[pairs.images]
    background = ~stroke_mask(pictures)
    clean = _pair_codes(codes, pictures, pairs)
    change = torch.zeros_like(clean)
    for _ in range(DRAWS):
        noise = BRIGHTEST * torch.rand(pictures.shape, generator=generator).to(pictures)
        change += (_pair_codes(codes, torch.where(background, noise, pictures), pairs) - clean).abs()
    total = pairs.latent_sums(clean)
    # Without any code there is nothing to change: the value of a latent that is no use.
    return torch.where(total > 0, pairs.latent_sums(change / DRAWS) / torch.where(total > 0, total, 1.0), 1.0)


def sensitivity(codes: Callable[[Tensor], Tensor], pairs: Pairs, images: Tensor, seed: int) -> float:
    """Mean of B_j over the latents, each weighing the same; without a latent 1."""
    return float(latent_sensitivity(codes, pairs, images, seed).mean()) if len(pairs) else 1.0


def of_latents(measured: Measured, seed: int) -> float:
    """The mean for a sample of the living latents, those of `junk.latent_junk`."""
    pairs, _ = firing_pairs(measured.val_z, measured.alive, seed)
    model = measured.model
    return sensitivity(
        lambda x: model.encode(model.hidden(x))[1], pairs, measured.activations.val_images, seed
    )


def untrained_sensitivity(hidden: Callable[[Tensor], Tensor], images: Tensor, seed: int) -> float:
    """The same for the positive part of 64 random directions of an untrained network: images -> (b, d)."""
    directions, pairs = junk.untrained_pairs(hidden, images, seed)
    return sensitivity(lambda x: directions(x).relu(), pairs, images, seed)


def _pair_codes(codes: Callable[[Tensor], Tensor], pictures: Tensor, pairs: Pairs) -> Tensor:
    """z of each pair (p,) float64, given all pictures (m, h, w) that occur."""
    z = in_batches(lambda part: codes(part)[:, pairs.columns], pictures)
    return z[pairs.at, pairs.latent].double()
