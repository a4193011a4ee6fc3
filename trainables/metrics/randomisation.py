"""Whether a map shows what the network has learnt: it must change when the network's weights are redrawn.

    rho = mean over pairs of Spearman(|A(trained)|, |A(randomised)|) over pixels, in [-1, 1], to be near 0.
Adebayo et al. 2018 (arXiv 1810.03292). The randomised latent reads the untrained network through the trained
basis and SAE. A map that only draws the image, whatever the weights, keeps rho high.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.attribution.attribution import Attribution, Latents
from trainables.metrics.latent_image_pairs import Pairs


def rank_correlation(
    method: Attribution, trained: Latents, randomised: Latents, pairs: Pairs, images: Tensor
) -> float:
    """rho over the latents of `pairs`, each weighing the same; without a latent the null, 0."""
    if not len(pairs):
        return 0.0
    pictures = images[pairs.images][pairs.at]
    before, after = (method(latents, pictures, pairs.column).abs() for latents in (trained, randomised))
    return float(pairs.latent_means(spearman(before, after)).mean())


def spearman(first: Tensor, second: Tensor) -> Tensor:
    """Rank correlation of maps (p, h, w) over their pixels: (p,) float64; 0 where a map is constant."""
    a, b = (_centred(average_ranks(maps.flatten(1))) for maps in (first, second))
    scale = a.norm(dim=1) * b.norm(dim=1)
    return torch.where(scale > 0, (a * b).sum(1) / torch.where(scale > 0, scale, 1.0), 0.0)


def average_ranks(values: Tensor) -> Tensor:
    """Rank of each value within its row (p, n), equal values sharing their mean rank, from 1: float64."""
    ordered = values.sort(dim=1).values
    below = torch.searchsorted(ordered, values.contiguous(), right=False)
    up_to = torch.searchsorted(ordered, values.contiguous(), right=True)
    return (below + up_to + 1).double() / 2


def _centred(ranks: Tensor) -> Tensor:
    return ranks - ranks.mean(dim=1, keepdim=True)
