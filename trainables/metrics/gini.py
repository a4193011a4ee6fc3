"""How concentrated a latent's gradient map is.

    G = sum_i (2 i - n - 1) a_(i) / (n sum_i a_i),   a sorted ascending, i = 1..n pixels,
in [0, 1 - 1/n]: 0 for a uniform map, which is the null, and 1 - 1/n for a single pixel. Hurley and Rickard
2009 (arXiv 0811.4706); for attributions Chalasani et al. 2020 (arXiv 1810.06583). The map is that of
`junk`. Independent normal weights alone give sqrt(2) - 1 = 0.41, hence the untrained network beside it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.attribution.attribution import Latents
from trainables.metrics import junk
from trainables.metrics.latent_image_pairs import Pairs


def gini(maps: Tensor) -> Tensor:
    """G of maps (p, h, w) >= 0: (p,) float64; 0, the null, for an all-zero map."""
    values = maps.double().flatten(1).sort(dim=1).values
    n = values.shape[1]
    weights = 2 * torch.arange(1, n + 1, device=maps.device, dtype=torch.float64) - n - 1
    total = values.sum(1)
    return torch.where(total > 0, (values @ weights) / (n * torch.where(total > 0, total, 1.0)), 0.0)


def mean_gini(latents: Latents, pairs: Pairs, images: Tensor, seed: int) -> float:
    """Mean over the latents of `pairs`, each weighing the same; without a latent the null, 0."""
    if not len(pairs):
        return 0.0
    noise = junk.pixel_noise(pairs, images, torch.Generator().manual_seed(seed))
    pictures = images[pairs.images]
    parts = torch.arange(len(pairs), device=images.device).split(junk.PAIRS)
    each = [
        gini(junk.mean_gradient(latents, pictures[pairs.at[i]], noise[:, pairs.at[i]], pairs.column[i]))
        for i in parts
    ]
    return float(pairs.latent_means(torch.cat(each)).mean())


def untrained_gini(hidden: Callable[[Tensor], Tensor], images: Tensor, seed: int) -> float:
    """The same for 64 random directions of an untrained network, hidden: images -> (b, d)."""
    directions, pairs = junk.untrained_pairs(hidden, images, seed)
    return mean_gini(directions, pairs, images, seed)
