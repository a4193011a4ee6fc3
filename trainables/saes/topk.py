"""The k largest codes of every sample (Gao et al. 2024, arXiv 2406.04093)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.saes.k_codes import KSae
from trainables.saes.stacking import mask_of_largest


class TopKSae(KSae):
    """z = relu(u) on each sample's k largest u, 0 elsewhere; fewer than k codes where these are negative."""

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) with at most k values above 0 in a row."""
        with torch.no_grad():
            kept = mask_of_largest(u, self.current_k, self.fewer)
        return u.relu() * kept
