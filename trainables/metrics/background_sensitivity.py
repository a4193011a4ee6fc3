"""How much a code changes when only the background does: the causal companion of junk, without gradients.

    B_j = E |z_j(x * M + n * (1 - M)) - z_j(x)| / E z_j(x),   n ~ U[0, 0.3] per pixel, M the stroke mask,
both means over 2 draws of n and the 32 images on which latent j is largest, where the denominator cannot
vanish. 0 = the background is not read; 1 = the code changes by its own size, as when it falls silent.
It depends on density: a latent that fires seldom has a high threshold, and falls silent sooner. So the
untrained network is measured at a grid of firing counts, and read off at those of the latents.
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
from trainables.metrics.selectivity_nulls import firing_grid

DRAWS = 2
BRIGHTEST = 0.3


@torch.no_grad()
def latent_sensitivity(codes: Callable[[Tensor], Tensor], pairs: Pairs, images: Tensor, seed: int) -> Tensor:
    """B_j of the latents of `pairs`, (l,) float64 >= 0. codes: images (b, h, w) -> z (b, f) >= 0."""
    pictures, noised = _with_noise(pairs, images, seed)
    clean = _pair_codes(codes, pictures, pairs)
    change = torch.zeros_like(clean)
    for picture in noised:
        change += (_pair_codes(codes, picture, pairs) - clean).abs()
    return _ratio(pairs, change, clean)


def sensitivity(codes: Callable[[Tensor], Tensor], pairs: Pairs, images: Tensor, seed: int) -> float:
    """Mean of B_j over the latents, each weighing the same; without a latent 1."""
    return float(latent_sensitivity(codes, pairs, images, seed).mean()) if len(pairs) else 1.0


def of_latents(measured: Measured, seed: int) -> tuple[float, Tensor]:
    """The mean for a sample of the living latents, those of `junk.latent_junk`; on how many val images each
    of them fires (l,)."""
    pairs, _ = firing_pairs(measured.val_z, measured.alive, seed)
    model = measured.model
    value = sensitivity(
        lambda x: model.encode(model.hidden(x))[1], pairs, measured.activations.val_images, seed
    )
    return value, (measured.val_z[:, pairs.columns] > 0).sum(dim=0)


@torch.no_grad()
def untrained_sensitivity(hidden: Callable[[Tensor], Tensor], images: Tensor, seed: int) -> Tensor:
    """Mean of B_j over 64 random directions of an untrained network, hidden: images (b, h, w) -> (b, d), each
    thresholded to fire on as many of the n images as `firing_grid` has it: (g,) float64."""
    directions, pairs = junk.untrained_pairs(hidden, images, seed)
    ordered = in_batches(directions, images).double().sort(dim=0, descending=True).values
    pictures, noised = _with_noise(pairs, images, seed)
    clean = _pair_codes(directions, pictures, pairs)
    changed = [_pair_codes(directions, picture, pairs) for picture in noised]
    means = []
    for count in firing_grid(len(images)).clamp(max=len(images) - 1).tolist():
        threshold = ordered[count, pairs.latent]
        z = (clean - threshold).relu()
        change = sum((((other - threshold).relu() - z).abs() for other in changed), torch.zeros_like(z))
        means.append(float(_ratio(pairs, change * (z > 0), z).mean()))
    return torch.tensor(means, dtype=torch.float64)


def _with_noise(pairs: Pairs, images: Tensor, seed: int) -> tuple[Tensor, list[Tensor]]:
    """The pictures (m, h, w) that occur, and the draws of them with noise on the background."""
    generator = torch.Generator().manual_seed(seed)
    pictures = images[pairs.images]
    background = ~stroke_mask(pictures)
    fields = (torch.rand(pictures.shape, generator=generator).to(pictures) for _ in range(DRAWS))
    return pictures, [torch.where(background, BRIGHTEST * field, pictures) for field in fields]


def _ratio(pairs: Pairs, change: Tensor, clean: Tensor) -> Tensor:
    """B (l,) from the change in all draws together and the clean code of each pair (p,)."""
    total = pairs.latent_sums(clean)
    # Without any code there is nothing to change: the value of a latent that is no use.
    return torch.where(total > 0, pairs.latent_sums(change / DRAWS) / torch.where(total > 0, total, 1.0), 1.0)


def _pair_codes(codes: Callable[[Tensor], Tensor], pictures: Tensor, pairs: Pairs) -> Tensor:
    """z of each pair (p,) float64, given all pictures (m, h, w) that occur."""
    z = in_batches(lambda part: codes(part)[:, pairs.columns], pictures)
    return z[pairs.at, pairs.latent].double()
