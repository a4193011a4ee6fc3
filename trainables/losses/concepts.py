"""Hidden units that tell given properties of the image."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from trainables.concepts.targets import Choice, targets
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.seeded_layers import linear


class ConceptSupervision(nn.Module):
    """mean over images and concepts of (V h_S + b - t)^2, >= 0, and 1 at the mean predictor.

    t: the targets of `trainables.concepts.targets`, each standardised on train; h_S: the first
    ceil(share * d) hidden units; V, b: a linear head trained along. 1 minus the loss is the concepts' mean
    R^2. The concept loss of concept bottleneck models (Koh et al. 2020, arXiv 2007.04612) as a side head: the
    class is still read from all units, and those outside S stay free.
    """

    targets: torch.Tensor

    def __init__(self, setup: LossSetup) -> None:
        super().__init__()
        self.supervised = math.ceil(setup.auxiliary.concept_share * setup.hidden_size)

        def seed() -> int:
            return int(torch.randint(2**31, (), generator=setup.generator))

        values = targets(Choice.of(setup.auxiliary), setup.train, seed)
        # Not persistent: they are made again. What they are made of must be part of the stage's key.
        self.register_buffer("targets", torch.tensor(values, dtype=torch.float32), persistent=False)
        self.head = linear(self.supervised, values.shape[1], setup.generator)

    def forward(self, batch: TrainingBatch) -> torch.Tensor:
        """Scalar of one batch."""
        predicted = self.head(batch.hidden[:, : self.supervised])
        return functional.mse_loss(predicted, self.targets[batch.rows].to(predicted))
