"""The k largest codes of every sample (Gao et al. 2024, arXiv 2406.04093)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.saes.k_codes import KSae


class TopKSae(KSae):
    """z = relu(u) on each sample's k largest u, 0 elsewhere; fewer than k codes where these are negative."""

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) with at most k values above 0 in a row."""
        with torch.no_grad():
            largest = u.topk(self.current_k, dim=1, sorted=False).indices
            kept = torch.zeros_like(u).scatter_(1, largest, 1.0)
        return u.relu() * kept
