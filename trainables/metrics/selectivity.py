"""Class purity of latents against directions of the same activations that nobody trained.

Such directions look selective: on trained MNIST networks .73 of the top images of a Gaussian direction share
a class, and .84 of those of a single image's activations. A purity therefore comes with the strongest of four
families as its null, taken at each latent's own number of firing images.
Precision among the top-k images: Zhou et al. 2015 (arXiv 1412.6856).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.metrics.chance import above_chance
from trainables.metrics.top_images import TopImages

TOP = 50
FEWEST = 10


@dataclass(frozen=True)
class Purity:
    """Mean purity of the latents that can be judged, that of untrained directions, and how many were judged.

    `left_out` counts latents that fire, but on too few images; `judged` is a share of all f latents.
    """

    value: float
    null: float
    left_out: int
    judged: float

    @property
    def skill(self) -> float:
        """0 = untrained directions, 1 = every top image of one class; 0 where the null is already 1."""
        return above_chance(self.value, self.null)


def purity_curve(top_labels: Tensor, n_classes: int) -> Tensor:
    """Share of the most frequent class among the first m labels of each column, for m = 1..k.

    top_labels (k, c), largest activation first; returns (k, c) float64 in [1 / n_classes, 1].
    """
    counts = F.one_hot(top_labels, n_classes).cumsum(dim=0).amax(dim=2)
    sizes = torch.arange(1, top_labels.shape[0] + 1, device=top_labels.device)
    return counts.double() / sizes[:, None]


def direction_purities(
    h: Tensor, labels: Tensor, n_classes: int, directions: Tensor, batch: int = 1024
) -> Tensor:
    """Purity at m = 1..k images of each direction (c, d) of the centred activations h (n, d): (k, c).

    A direction thresholded to fire on m images fires on its top m, so one pass serves every firing rate.
    """
    top = TopImages(TOP, h.shape[0], h.device)
    mean = h.mean(dim=0)
    for rows in h.split(batch):
        top.update((rows - mean) @ directions.t())
    return purity_curve(labels[top.images()], n_classes)


def purity(top_labels: Tensor, firing: Tensor, null: Tensor, n_classes: int) -> Purity:
    """Mean purity of the latents that fire on at least 10 images, and its null.

    top_labels (k, f): labels of each latent's top images; firing (f,): train images it fires on;
    null (k,): mean over directions of `direction_purities`. Latent j is judged on its top
    m_j = min(50, firing_j) images, the null on as many. Where no latent can be judged the purity is the
    null's.
    """
    usable = firing >= FEWEST
    left_out = int(((firing > 0) & ~usable).sum())
    own, last = latent_purities(top_labels, firing, n_classes)
    expected = at_own_count(null, last)
    return Purity(
        value=float(own.mean()) if own.numel() else expected,
        null=expected,
        left_out=left_out,
        judged=float(usable.double().mean()),
    )


def strongest(curves: Mapping[str, Tensor], last: Tensor) -> Tensor:
    """Of the families' curves (k,) the one with the largest mean at the indices of `latent_purities`."""
    return max(curves.values(), key=lambda curve: at_own_count(curve, last))


def latent_purities(top_labels: Tensor, firing: Tensor, n_classes: int) -> tuple[Tensor, Tensor]:
    """Purity of each latent that can be judged, in latent order, and its index m_j - 1 into a curve."""
    curve = purity_curve(top_labels, n_classes)
    usable = firing >= FEWEST
    last = firing[usable].clamp(max=curve.shape[0]) - 1
    return curve[:, usable].gather(0, last[None])[0], last


def at_own_count(curve: Tensor, last: Tensor) -> float:
    """Mean of a curve (k,) at the indices of `latent_purities`; its end where there is no latent."""
    return float(curve[last.to(curve.device)].mean()) if last.numel() else float(curve[-1])
