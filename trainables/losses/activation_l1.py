"""The L1 penalty on hidden activations."""

from __future__ import annotations

import torch

from trainables.losses.training_batch import TrainingBatch


def activation_l1(batch: TrainingBatch) -> torch.Tensor:
    """mean over images and units of |h|; a scalar >= 0 in the activations' own unit."""
    return batch.hidden.abs().mean()
