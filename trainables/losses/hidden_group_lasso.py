"""Hidden units that are on and off together, in groups."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.losses.training_batch import LossSetup, TrainingBatch


class HiddenGroupLasso(nn.Module):
    """mean over images and groups of || h_g ||_2 / sqrt(s), >= 0, in the activations' own unit.

    Groups are s = `hidden_group_size` neighbouring units; a last one may have fewer. The norm is not
    squared: few groups are on per image, those with all their units (Yuan & Lin 2006). Where a norm is 0
    its subgradient is taken as 0.
    """

    def __init__(self, setup: LossSetup) -> None:
        super().__init__()
        self.size = setup.auxiliary.hidden_group_size

    def forward(self, batch: TrainingBatch) -> torch.Tensor:
        """Scalar of one batch."""
        missing = -batch.hidden.shape[1] % self.size
        groups = functional.pad(batch.hidden, (0, missing)).unflatten(1, (-1, self.size))
        return torch.linalg.vector_norm(groups, dim=2).mean() / self.size**0.5
