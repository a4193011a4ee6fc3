"""Principal components, as many as explain a share of the variance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from trainables.bases.affine import AffineBasis
from trainables.bases.pca import Pca, WhitenedPca
from trainables.settings.basis import VarianceConfig


class VarianceRank(AffineBasis):
    """r = min {j : v_1 + ... + v_j >= share * (v_1 + ... + v_d)}, at least 1, for falling variances v.

    How many outputs there are is thus known after the fit only: a shell takes its size from what fills it.
    """

    def __init__(self, config: VarianceConfig, hidden_size: int) -> None:
        super().__init__(config, hidden_size)
        self.share = float(config.explained_variance)

    def kept(self, variances: Tensor) -> int:
        """r of falling variances (d,)."""
        explained = variances.cumsum(0)
        return int(torch.searchsorted(explained, self.share * explained[-1])) + 1

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """As every module's, with room for as many outputs as the maps in `state_dict` have."""
        rank = state_dict["forward_map"].shape[1] if "forward_map" in state_dict else self.rank
        self.forward_map = self.forward_map.new_zeros(len(self.mean), rank)
        self.inverse_map = self.inverse_map.new_zeros(rank, len(self.mean))
        return super().load_state_dict(state_dict, strict, assign)


class PcaVariance(VarianceRank, Pca):
    """M = E, the leading directions."""


class WhitenedPcaVariance(VarianceRank, WhitenedPca):
    """M = E diag(v)^-1/2, the leading directions at unit variance."""
