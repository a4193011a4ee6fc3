"""Predictions that do not rest on what lies beside the strokes."""

from __future__ import annotations

import torch

from trainables.losses.input_gradient import input_gradient
from trainables.losses.training_batch import TrainingBatch


def right_for_the_right_reasons(batch: TrainingBatch) -> torch.Tensor:
    """mean_b sum_p ( (1 - M_bp) d/dx'_bp sum_k log p_k(x'_b) )^2 at noised images, >= 0.

    Ross, Hughes & Doshi-Velez 2017 (arXiv 1703.03717), where the sum runs over the batch; as a mean the
    weight does not depend on the batch size. Published weights span six decades: search it widely.
    """

    def log_probabilities(noised: torch.Tensor) -> torch.Tensor:
        return batch.network(noised).log_softmax(dim=1).sum()

    return (input_gradient(batch, log_probabilities).square() * ~batch.mask).sum(dim=(1, 2)).mean()
