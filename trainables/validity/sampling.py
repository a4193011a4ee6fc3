"""A sum over many latents from a few of them, drawn in proportion to what they may add.

Latent j is drawn with probability pi_j = min(1, c w_j), sum pi_j = the number of draws, by one systematic
pass through a random order (Madow 1949); a latent of weight 0 never. The sum of y over all latents is
estimated by sum y_j / pi_j (Horvitz and Thompson 1952), which is exact where all of weight are drawn.
Its variance is taken as Hajek's for designs of fixed size (1964): m / (m - 1) sum (1 - pi) (y / pi - B)^2,
B = sum (1 - pi) y / pi / sum (1 - pi).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """Places (m,) among the latents, ascending, and the probability (m,) float64 with which each came in."""

    places: Tensor
    probability: Tensor

    def total(self, values: Tensor) -> float:
        """Estimate of the sum over all latents from values (m,) of those drawn."""
        return float((values.double() / self.probability).sum())

    def variance(self, values: Tensor) -> float:
        """Of `total`, from the drawing alone; 0 where everything was drawn."""
        open_share = 1 - self.probability
        m, weight = len(self.places), float(open_share.sum())
        if m < 2 or weight <= 0:
            return 0.0
        scaled = values.double() / self.probability
        centre = (open_share * scaled).sum() / weight
        return float(m / (m - 1) * (open_share * (scaled - centre).square()).sum())


def draw(weights: Tensor, draws: int | None, generator: torch.Generator) -> Sample:
    """A sample of about `draws` latents by weights (c,) >= 0; None for all those of weight above 0."""
    weights = weights.double().cpu()
    probability = inclusion(weights, draws)
    order = torch.randperm(len(weights), generator=generator)
    marks = probability[order].cumsum(0) + torch.rand((), generator=generator, dtype=torch.float64)
    # A latent that is certain to come in must not be lost to a rounding of the sum.
    drawn = (marks.floor() > (marks - probability[order]).floor()) | (probability[order] >= 1)
    places = order[drawn].sort().values
    return Sample(places, probability[places])


def inclusion(weights: Tensor, draws: int | None) -> Tensor:
    """min(1, c w) with c such that the sum is `draws`, or 1 for all of weight where there are fewer."""
    some = weights > 0
    certain = some.clone() if draws is None or int(some.sum()) <= draws else torch.zeros_like(some)
    probability = certain.double()
    if draws is None or bool(certain.any()) or not bool(some.any()):
        return probability
    for _ in range(len(weights)):
        rest = some & ~certain
        free = torch.where(rest, weights, 0.0)
        probability = torch.where(certain, 1.0, free * (draws - int(certain.sum())) / free.sum())
        if bool((probability <= 1).all()):
            break
        certain |= probability > 1
    return probability
