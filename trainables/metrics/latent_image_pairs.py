"""Which latents are looked at, and where: a sample of latents, each on the images it fires on most."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.metrics.top_images import TopImages

TOP = 32
MOST_LATENTS = 64


@dataclass(frozen=True)
class Pairs:
    """p pairs of an image and a latent.

    columns (l,): the latents; images (m,): every image that occurs, ascending; counted (k, l): which of a
    latent's top k images are pairs; at (p,) into `images` and latent (p,) into `columns`: the pairs.
    """

    columns: Tensor
    images: Tensor
    counted: Tensor
    at: Tensor
    latent: Tensor

    def __len__(self) -> int:
        return int(self.at.shape[0])

    @property
    def column(self) -> Tensor:
        """Each pair's latent as a column of u: (p,)."""
        return self.columns[self.latent]

    def latent_sums(self, values: Tensor) -> Tensor:
        """Sum over each latent's pairs of values (p,): (l,)."""
        table = torch.zeros(self.counted.shape, dtype=values.dtype, device=values.device)
        table[self.counted] = values
        return table.sum(dim=0)

    def latent_means(self, values: Tensor) -> Tensor:
        """Mean over each latent's pairs of values (p,), so that latents weigh the same: (l,)."""
        return self.latent_sums(values) / self.counted.sum(dim=0).clamp(min=1)


def latent_order(f: int, seed: int) -> Tensor:
    """The order in which latents are drawn, all f of them, on the CPU."""
    return torch.randperm(f, generator=torch.Generator().manual_seed(seed))


def sample_latents(eligible: Tensor, seed: int, most: int = MOST_LATENTS) -> Tensor:
    """At most `most` indices of the true entries of `eligible` (f,), ascending, drawn by `seed`."""
    order = latent_order(eligible.shape[0], seed).to(eligible.device)
    return order[eligible[order]][:most].sort().values


def firing_pairs(
    z: Tensor, alive: Tensor, seed: int, most: int = MOST_LATENTS, top: int = TOP
) -> tuple[Pairs, float]:
    """Pairs of sampled latents with the images they fire on most, and which share could be drawn.

    z (n, f) codes >= 0; alive (f,): fires on train. A latent that fires on none of the n images cannot be
    looked at and is not drawn.
    """
    eligible = alive & (z > 0).any(dim=0)
    columns = sample_latents(eligible, seed, most)
    return top_pairs(z[:, columns], columns, firing_only=True, top=top), float(eligible.double().mean())


def top_pairs(values: Tensor, columns: Tensor, *, firing_only: bool, top: int = TOP) -> Pairs:
    """The images with the largest of values (n, l), those of the columns; only above 0 if `firing_only`."""
    if not len(columns):
        nobody = torch.zeros(0, 0, dtype=torch.bool, device=values.device)
        return Pairs(columns, columns, nobody, columns, columns)
    found = TopImages(top, values.shape[0], values.device)
    found.update(values)
    counted = found.positive() if firing_only else torch.ones_like(found.positive())
    rank, latent = torch.nonzero(counted, as_tuple=True)
    used, at = torch.unique(found.images()[rank, latent], return_inverse=True)
    return Pairs(columns, used, counted, at, latent)
