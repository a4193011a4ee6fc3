"""Class purity of latents against random directions of the same activations.

Random directions look selective: on trained digit networks about two thirds of their top images share a
class. A purity therefore comes with that null, taken at each latent's own number of firing images.
Precision among the top-k images: Zhou et al. 2015 (arXiv 1412.6856).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.metrics.score import above_chance
from trainables.metrics.top_images import TopImages

TOP = 50
FEWEST = 10
NULL_DIRECTIONS = 512


@dataclass(frozen=True)
class Purity:
    """Mean purity of the latents that can be judged, the same of random directions, and how many were judged.

    `left_out` counts latents that fire, but on too few images; `judged` is a share of all f latents.
    """

    value: float
    null: float
    left_out: int
    judged: float

    @property
    def skill(self) -> float:
        """0 = random directions, 1 = every top image of one class; 0 where the null is already 1."""
        return above_chance(self.value, self.null)


def purity_curve(top_labels: Tensor, n_classes: int) -> Tensor:
    """Share of the most frequent class among the first m labels of each column, for m = 1..k.

    top_labels (k, c), largest activation first; returns (k, c) float64 in [1 / n_classes, 1].
    """
    counts = F.one_hot(top_labels, n_classes).cumsum(dim=0).amax(dim=2)
    sizes = torch.arange(1, top_labels.shape[0] + 1, device=top_labels.device)
    return counts.double() / sizes[:, None]


def null_curve(h: Tensor, labels: Tensor, n_classes: int, seed: int, batch: int = 8192) -> Tensor:
    """Mean purity at m = 1..k images of 512 random unit directions of the centred activations h (n, d): (k,).

    A direction thresholded to fire on m images fires on its top m, so one pass serves every firing rate.
    """
    generator = torch.Generator().manual_seed(seed)
    directions = F.normalize(torch.randn(NULL_DIRECTIONS, h.shape[1], generator=generator), dim=1).to(h)
    top = TopImages(TOP, h.shape[0], h.device)
    mean = h.mean(dim=0)
    for rows in h.split(batch):
        top.update((rows - mean) @ directions.t())
    return purity_curve(labels[top.images()], n_classes).mean(dim=1)


def purity(top_labels: Tensor, firing: Tensor, null: Tensor, n_classes: int) -> Purity:
    """Mean purity of the latents that fire on at least 10 images, and its null.

    top_labels (k, f): labels of each latent's top images; firing (f,): train images it fires on;
    null (k,) from `null_curve`. Latent j is judged on its top m_j = min(50, firing_j) images, the null on
    as many. Where no latent can be judged the purity is the null's.
    """
    curve = purity_curve(top_labels, n_classes)
    usable = firing >= FEWEST
    left_out = int(((firing > 0) & ~usable).sum())
    if not bool(usable.any()):
        return Purity(float(null[-1]), float(null[-1]), left_out, 0.0)
    last = firing[usable].clamp(max=curve.shape[0]) - 1
    own, expected = curve[:, usable].gather(0, last[None])[0], null[last]
    return Purity(
        value=float(own.mean()),
        null=float(expected.mean()),
        left_out=left_out,
        judged=float(usable.double().mean()),
    )
