"""Pixels that the whole first layer leaves unread."""

from __future__ import annotations

import torch

from trainables.losses.training_batch import TrainingBatch


def first_layer_group_lasso(batch: TrainingBatch) -> torch.Tensor:
    """sum_p || W[:, p] ||_2 / sqrt(units), >= 0: pixels, as groups of weights, are kept or dropped whole.

    W (units, h, w): `Network.pixel_weights`. Group lasso of Yuan & Lin 2006. A pixel that is never
    inked has no other gradient, and so goes to (about) 0. Where a norm is 0 its subgradient is taken as 0.
    """
    weights = batch.network.pixel_weights()
    return torch.linalg.vector_norm(weights, dim=0).sum() / len(weights) ** 0.5
