"""The k largest codes of every sample (Gao et al. 2024, arXiv 2406.04093)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables import config
from trainables.saes.sparse_autoencoder import SparseAutoencoder


class TopKSae(SparseAutoencoder):
    """z = relu(u) on each sample's k largest u, 0 elsewhere; fewer than k codes where these are negative."""

    def __init__(self, config: config.TopKSae, input_size: int) -> None:
        super().__init__(config, input_size)
        self.k = min(config.k, config.width)

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) with at most k values above 0 in a row."""
        with torch.no_grad():
            kept = torch.zeros_like(u).scatter_(1, u.topk(self.k, dim=1, sorted=False).indices, 1.0)
        return u.relu() * kept

    def penalty(self, z: Tensor) -> Tensor | None:  # noqa: ARG002 (k itself is the constraint)
        """None."""
        return None
