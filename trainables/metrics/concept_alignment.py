"""How well single latents tell concepts of the image, against directions that fire as often.

A latent's firing predicts a concept's bit with

    F1 = 2 TP / (images it fires on + images that have the concept).

For each concept the latent with the largest F1 on train is scored on val. The null goes the same way with
directions that nobody trained, as many as there are latents and each cut so that it fires on as many train
images as its latent: choosing the best of many, and of how many images each fires on, is then in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

DRAWS = 4
FEWEST = 10


@dataclass(frozen=True)
class Concepts:
    """Bits of the images that metrics are fitted and scored on; `held_out` marks what no loss looked at."""

    names: tuple[str, ...]
    train: Tensor  # (m, c) bool, of `Activations.rows`
    val: Tensor  # (v, c) bool
    held_out: Tensor  # (c,) bool


Fires = tuple[Tensor, Tensor]
"""Firing on the fitted train rows (m, f) and on val (v, f)."""


def pairwise_f1(fires: Tensor, bits: Tensor) -> Tensor:
    """F1 (f, c), float64, of each latent of bool (n, f) for each concept of bool (n, c)."""
    both = (fires.float().T @ bits.float()).double()
    total = fires.sum(dim=0).double()[:, None] + bits.sum(dim=0).double()
    return 2 * both / total.clamp(min=1)


def best_single(fires: Fires, concepts: Concepts) -> tuple[Tensor, Tensor]:
    """Each concept's F1 on val (c,), and the latent that was chosen on train (c,)."""
    chosen = pairwise_f1(fires[0], concepts.train).argmax(dim=0)
    on_val = pairwise_f1(fires[1], concepts.val)
    return on_val[chosen, torch.arange(len(chosen), device=chosen.device)], chosen


def within_classes(
    fires: Fires, concepts: Concepts, labels: tuple[Tensor, Tensor], n_classes: int
) -> tuple[Tensor, Tensor]:
    """(classes, c) F1 on val of the latent that is best on train, both inside one class; and which count: a
    class with fewer than 10 train images on either side of a concept, or none of val, tells nothing of it."""
    found, counts = [], []
    for label in range(n_classes):
        own = [split == label for split in labels]
        part = Concepts(concepts.names, concepts.train[own[0]], concepts.val[own[1]], concepts.held_out)
        on = part.train.sum(dim=0)
        counts.append((on >= FEWEST) & (len(part.train) - on >= FEWEST) & part.val.any(dim=0))
        found.append(best_single((fires[0][own[0]], fires[1][own[1]]), part)[0])
    return torch.stack(found), torch.stack(counts)


def direction_fires(
    h: tuple[Tensor, Tensor], families: Mapping[str, Tensor], counts: Sequence[int], seed: int
) -> dict[str, list[Fires]]:
    """Family -> draws of directions (d,) that each fire on as many rows of h[0] (m, d) as `counts` says."""
    generator = torch.Generator().manual_seed(seed)
    mean = h[0].mean(dim=0)
    rank = torch.tensor(counts, dtype=torch.int64).clamp(max=len(h[0]) - 1)
    found: dict[str, list[Fires]] = {}
    for family, directions in families.items():
        for _ in range(DRAWS):
            drawn = torch.randint(len(directions), (len(counts),), generator=generator)
            chosen = directions[drawn.to(directions.device)].T
            on_train, on_val = ((part - mean) @ chosen for part in h)
            ordered = on_train.sort(dim=0, descending=True).values
            cut = ordered.gather(0, rank[None].to(ordered.device))
            found.setdefault(family, []).append((on_train > cut, on_val > cut))
    return found


def completeness(accuracy: float, chance: float, whole: float) -> float:
    """(a - chance) / (whole - chance): how much of what the network knows of the class (Yeh et al. 2020,
    arXiv 1910.07969); the denominator at least .01, for a network that knows nothing."""
    return (accuracy - chance) / max(whole - chance, 0.01)


def linear_readout(h: tuple[Tensor, Tensor], bits: Tensor, ridge: float = 1e-2) -> tuple[Tensor, Tensor]:
    """The bits (m, c) as ridge regression tells them from h[0] (m, d), on both of h: (m, c) and (v, c)."""
    mean = h[0].mean(dim=0)
    x, y = (h[0] - mean).double(), bits.double() - bits.double().mean(dim=0)
    gram = x.T @ x
    gram = gram + ridge * gram.diagonal().mean().clamp(min=1e-12) * torch.eye(len(gram)).to(gram)
    weights = torch.linalg.solve(gram, x.T @ y).to(h[0])
    return (h[0] - mean) @ weights, (h[1] - mean) @ weights
