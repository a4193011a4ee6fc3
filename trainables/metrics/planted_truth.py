"""How far the latents of a code are the parts that images were made of, where these are known.

A latent tells of part p what its firing tells: with TP images in which both are there,

    F1(j, p) = 2 TP / (images in which j fires + images with p).

matched_f1 is the mean over parts of the F1 with the one latent that the best one-to-one assignment
(Kuhn 1955) gives them, 0 for a part without one: it asks for parts and latents to be the same thing, each
once. coverage is the share of parts that some latent finds at all (F1 >= `FOUND`), uniqueness the number of
parts found over the number of latents that find one: 1 where none is found twice, small where a part is split
among copies. Chance is matched_f1 of codes as sparse as these that know nothing: each latent's firings dealt
out over the images at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from trainables.metrics.chance import above_chance

FOUND = 0.5
NULL_DRAWS = 3


@dataclass(frozen=True)
class TruthMatch:
    """matched_f1 and its chance level, uniqueness and coverage, all in [0, 1]; and each part's matched F1."""

    matched_f1: float
    null: float
    uniqueness: float
    coverage: float
    parts: Tensor  # (P,)

    @property
    def skill(self) -> float:
        """0 = as codes that know nothing, 1 = every part has its latent."""
        return above_chance(self.matched_f1, self.null)


def truth_match(fires: Tensor, present: Tensor, seed: int) -> TruthMatch:
    """Of firing bool (n, f) against parts bool (n, P), over the same n images.

    Parts in no image are left out; ValueError if there is no other.
    """
    occurring = present[:, present.any(dim=0)]
    if not occurring.shape[1]:
        raise ValueError("no part is in any of the images, so there is nothing to find")
    f1 = pairwise_f1(fires, occurring)
    parts = assigned(f1)
    generator = torch.Generator().manual_seed(seed)
    nulls = [
        float(assigned(pairwise_f1(_dealt_out(fires, generator), occurring)).mean())
        for _ in range(NULL_DRAWS)
    ]
    finding = f1.amax(dim=1) >= FOUND
    found = f1[finding].argmax(dim=1).unique()
    return TruthMatch(
        matched_f1=float(parts.mean()),
        null=sum(nulls) / NULL_DRAWS,
        uniqueness=len(found) / max(1, int(finding.sum())),
        coverage=float((f1.amax(dim=0) >= FOUND).double().mean()),
        parts=parts,
    )


def pairwise_f1(fires: Tensor, present: Tensor) -> Tensor:
    """F1 (f, P), float64, of each latent of bool (n, f) for each part of bool (n, P); 0 where neither is."""
    both = fires.double().T @ present.double()
    total = fires.sum(dim=0).double()[:, None] + present.sum(dim=0).double()
    return 2 * both / total.clamp(min=1)


def assigned(f1: Tensor) -> Tensor:
    """F1 of each part (P,) with its latent under the assignment with the largest sum, 0 without one."""
    latents, parts = linear_sum_assignment(f1.cpu().numpy(), maximize=True)
    matched = torch.zeros(f1.shape[1], dtype=f1.dtype)
    matched[torch.from_numpy(parts)] = f1.cpu()[torch.from_numpy(latents), torch.from_numpy(parts)]
    return matched


def _dealt_out(fires: Tensor, generator: torch.Generator) -> Tensor:
    """Every column of bool (n, f) in an order of its own."""
    order = torch.rand(fires.shape, generator=generator).argsort(dim=0)
    return fires.gather(0, order.to(fires.device))
