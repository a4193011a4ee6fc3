"""What is said of a latent on train, by the definitions of the trial's own metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.features.feature import NO_CLASS
from analysis.features.label import CLEAR
from analysis.features.observed import Observed
from trainables.metrics import sae_statistics, selectivity
from trainables.metrics.directions import direction_families
from trainables.metrics.selectivity import FEWEST, TOP
from trainables.metrics.top_images import TopImages


@dataclass(frozen=True)
class TrainStatistics:
    """All (f,): `selectivity/purity` and its null latent by latent, NaN with fewer than 10 firings;
    pure_class: the class of most of the images that the purity counts, -1 if there is no purity or if they
    are fewer than three quarters; dead: never fires; dense: fires on more than half of the images."""

    purity: np.ndarray
    purity_null: np.ndarray
    pure_class: np.ndarray
    dead: np.ndarray
    dense: np.ndarray


def train_statistics(train: Observed, n_classes: int, seed: int) -> TrainStatistics:
    """`seed` decides the untrained directions. With a trial's own seed, `stage_seed(study seed, replicate,
    "metrics")`, the mean of purity and of its null are the trial's own scores."""
    firing = torch.zeros(train.n_latents, dtype=torch.int64, device=train.device)
    top = TopImages(TOP, len(train), train.device)
    for _, z in train.encoded():
        firing += sae_statistics.firing_counts(z)
        top.update(z)
    purity, null = torch.full((2, train.n_latents), torch.nan, dtype=torch.float64, device=train.device)
    usable = firing >= FEWEST
    top_labels = train.labels[top.images()]
    purity[usable], last = selectivity.latent_purities(top_labels, firing, n_classes)
    if len(last):
        null[usable] = _null_curve(train, n_classes, seed, last)[last]
    rate = firing.double() / max(1, len(train))
    return TrainStatistics(
        purity.cpu().numpy(),
        null.cpu().numpy(),
        torch.where(purity >= CLEAR, _commonest(top_labels, firing, n_classes), NO_CLASS).cpu().numpy(),
        (~sae_statistics.alive_mask(firing)).cpu().numpy(),
        (rate > sae_statistics.DENSE).cpu().numpy(),
    )


def _commonest(top_labels: Tensor, firing: Tensor, n_classes: int) -> Tensor:
    """The most frequent class among the top min(k, firings) of top_labels (k, f), the first of equal."""
    counted = torch.arange(len(top_labels), device=firing.device)[:, None] < firing
    members = F.one_hot(top_labels, n_classes) * counted[:, :, None]
    return members.sum(dim=0).argmax(dim=1)


@torch.no_grad()
def _null_curve(train: Observed, n_classes: int, seed: int, last: Tensor) -> Tensor:
    """Mean purity at 1..50 images of the strongest family of untrained directions: (k,)."""
    if not bool(train.h.isfinite().all()):
        return torch.full((TOP,), torch.nan, dtype=torch.float64, device=train.device)
    curves = {
        family: selectivity.direction_purities(train.h, train.labels, n_classes, directions).mean(dim=1)
        for family, directions in direction_families(train.h, seed).items()
    }
    return selectivity.strongest(curves, last)
