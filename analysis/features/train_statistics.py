"""What is said of a latent on train, by the definitions of the trial's own metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.features.observed import Observed
from trainables.metrics import sae_statistics, selectivity
from trainables.metrics.directions import direction_families
from trainables.metrics.selectivity import FEWEST, TOP
from trainables.metrics.top_images import TopImages


@dataclass(frozen=True)
class TrainStatistics:
    """All (f,): `selectivity/purity` and its null latent by latent, NaN with fewer than 10 firings;
    dead: never fires; dense: fires on more than half of the images."""

    purity: np.ndarray
    purity_null: np.ndarray
    dead: np.ndarray
    dense: np.ndarray


def train_statistics(train: Observed, n_classes: int, seed: int) -> TrainStatistics:
    """`seed` decides the random directions. With a trial's own seed, `stage_seed(study seed, replicate,
    "metrics")`, the mean of purity and of its null are the trial's own scores."""
    firing = torch.zeros(train.n_latents, dtype=torch.int64, device=train.device)
    top = TopImages(TOP, len(train), train.device)
    for _, z in train.encoded():
        firing += sae_statistics.firing_counts(z)
        top.update(z)
    purity, null = torch.full((2, train.n_latents), torch.nan, dtype=torch.float64, device=train.device)
    usable = firing >= FEWEST
    purity[usable], last = selectivity.latent_purities(train.labels[top.images()], firing, n_classes)
    if len(last):
        null[usable] = _null_curve(train, n_classes, seed)[last]
    rate = firing.double() / max(1, len(train))
    return TrainStatistics(
        purity.cpu().numpy(),
        null.cpu().numpy(),
        (~sae_statistics.alive_mask(firing)).cpu().numpy(),
        (rate > sae_statistics.DENSE).cpu().numpy(),
    )


@torch.no_grad()
def _null_curve(train: Observed, n_classes: int, seed: int) -> Tensor:
    """Mean purity of random directions at 1..50 images: (k,)."""
    if not bool(train.h.isfinite().all()):
        return torch.full((TOP,), torch.nan, dtype=torch.float64, device=train.device)
    directions = direction_families(train.h, seed)["random"]
    return selectivity.direction_purities(train.h, train.labels, n_classes, directions).mean(dim=1)
