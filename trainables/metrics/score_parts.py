"""The parts of the score that are sums over latents, in a form that no removal of latents can raise.

Let g_j >= 0 be the credit of latent j, 0 for a dead one, and c the mean credit of latents at chance. Then
    part = (sum_j g_j / f - c) / (1 - c)
over all f latents is at most 1, has mean 0 on a dictionary of chance latents, and cannot rise when latents
die: g_j depends on latent j alone, and c on none. Nothing better exists among sums over latents: if no
death may help, a dead latent counts like the worst living one, so a living one at chance is worth, on
average, some c more; and c is 0 only where all that chance can do counts alike. (The mean over the living
times their share has c = 0, and rises when latents below chance die.) A large c is dear, as every dead latent
costs it; a small c is blunt, as only what chance rarely does earns anything. Here c is at most about 0.2.

Purity: with m_j = min(50, images fired on), p_j the purity, P_m that of random directions at m images,
    g_j = a(m_j) max(0, p_j - t(m_j)) / (1 - t(m_j)),   t(m) such that E g(P_m) = c for every m,
so that the null is 0 whatever the firing rates. c is what t(50) = E P_50 gives, or 0.2 if that is less, but
no less than the share of random directions that are perfect on 50 images, so that perfection earns 1. Where
m is small and more than c of them are perfect, t is 1 and a(m) = c / (their share): a latent that fires
rarely cannot earn what one that fires often does. Elsewhere a = 1.
Junk: g_j = max(0, 1 - J_j), c its mean over random directions of the untrained network.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.metrics import junk
from trainables.metrics.latent_image_pairs import MOST_LATENTS, latent_order
from trainables.metrics.score import above_chance

MOST_CHANCE = 0.2
_BISECTIONS = 50
_ALMOST_PERFECT = 1 - 1e-6


@dataclass(frozen=True)
class PurityScale:
    """What chance earns: t and a per number of images (k,), and c."""

    threshold: Tensor
    factor: Tensor
    chance: float


def purity_scale(purities: Tensor) -> PurityScale:
    """From purities (k, c) of random directions at 1..k images, float64 in [0, 1]."""
    last = purities[-1:]
    perfect = float((last >= 1).double().mean())
    chance = min(float(_credit(last, last.mean(dim=1)).mean()), max(MOST_CHANCE, perfect))
    low = ((purities.mean(dim=1) - chance) / max(1 - chance, 1e-12)).clamp(max=_ALMOST_PERFECT)
    high = torch.full_like(low, _ALMOST_PERFECT)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        too_much = _credit(purities, middle).mean(dim=1) > chance
        low, high = torch.where(too_much, middle, low), torch.where(too_much, high, middle)
    earned = _credit(purities, high).mean(dim=1)
    return PurityScale(high, (chance / earned.clamp(min=1e-12)).clamp(max=1), chance)


def purity_part(own: Tensor, last: Tensor, f: int, scale: PurityScale) -> float:
    """The part above from `selectivity.latent_purities`, in (-inf, 1]; 0 where chance is perfect already."""
    own, last = own.to(scale.factor.device), last.to(scale.factor.device)
    credit = scale.factor[last] * _credit(own[:, None], scale.threshold[last])[:, 0]
    return above_chance(float(credit.sum()) / f, scale.chance)


def junk_part(latents: junk.Junk, f: int, chance: float, seed: int) -> float:
    """The part above from a sample: the first 64 of all f latents in the drawing order, dead ones included.

    `latent_junk` draws the living ones in that same order, so those of the sample are among its own.
    """
    sample = torch.zeros(f, dtype=torch.bool, device=latents.latents.device)
    sample[latent_order(f, seed)[:MOST_LATENTS].to(sample.device)] = True
    credit = (1 - latents.junk).clamp(min=0) * sample[latents.latents].to(latents.junk.device)
    return above_chance(float(credit.sum()) / min(f, MOST_LATENTS), chance)


def junk_chance(untrained: Tensor) -> float:
    """c of the junk part, from the junk (l,) of the untrained network's directions."""
    return float((1 - untrained).clamp(min=0).mean())


def _credit(purities: Tensor, threshold: Tensor) -> Tensor:
    """max(0, p - t) / (1 - t) of p (k, c) with t (k,); 0 where t is 1."""
    t = threshold[:, None]
    return (purities - t).clamp(min=0) / (1 - t).clamp(min=1e-12)
