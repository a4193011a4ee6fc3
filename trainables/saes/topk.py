"""The k largest codes of every sample (Gao et al. 2024, arXiv 2406.04093)."""

from __future__ import annotations

from torch import Tensor

from trainables.saes.k_codes import KSae
from trainables.saes.stacking import largest_codes


class TopKSae(KSae):
    """z = relu(u) on each sample's k largest u, 0 elsewhere; fewer than k codes where these are negative."""

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) with at most k values above 0 in a row."""
        return largest_codes(u, self.current_k, self.fewer)
