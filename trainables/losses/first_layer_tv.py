"""First weights that vary smoothly over the image."""

from __future__ import annotations

import torch

from trainables.losses.training_batch import TrainingBatch


def first_layer_tv(batch: TrainingBatch) -> torch.Tensor:
    """mean_j sum over pixels of |W_j[y+1, x] - W_j[y, x]| + |W_j[y, x+1] - W_j[y, x]|, >= 0.

    W (units, h, w): `Network.pixel_weights`. The anisotropic form of Rudin, Osher & Fatemi 1992.
    """
    weights = batch.network.pixel_weights()
    down = weights.diff(dim=1).abs().sum(dim=(1, 2))
    across = weights.diff(dim=2).abs().sum(dim=(1, 2))
    return (down + across).mean()
