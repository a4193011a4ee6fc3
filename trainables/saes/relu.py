"""ReLU codes under an L1 penalty."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.saes.sparse_autoencoder import Forward, SparseAutoencoder
from trainables.saes.stacking import total
from trainables.settings import sae as settings


class ReluSae(SparseAutoencoder):
    """z = relu(u); the loss adds l1 * mean_b sum_f z. As decoder rows are unit vectors, none can evade it."""

    HYPERPARAMETERS = ("l1",)

    def __init__(self, config: settings.ReluSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.l1 = config.l1

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) = relu(u)."""
        return u.relu()

    def penalty(self, forward: Forward) -> Tensor | None:
        """l1 * mean_b sum_f z."""
        return self.l1 * total(forward.z) / forward.z.shape[-2]

    def weight(self, l0: Tensor) -> Tensor:
        """Of mean_b sum_f z in the loss: l1 at any L0."""
        return torch.full_like(l0, self.l1)

    def follow(self, l0: Tensor) -> None:
        """Nothing follows from L0: the penalty's weight stays as it is."""
