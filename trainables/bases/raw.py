"""The centred activations themselves."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from trainables.bases.affine import mean_and_covariance
from trainables.bases.basis import Basis
from trainables.settings.basis import BasisConfig


class Raw(Basis):
    """y = h - mean: the identity as a basis, without the d x d products an affine map would cost."""

    def __init__(self, config: BasisConfig, hidden_size: int) -> None:  # noqa: ARG002 (one signature for all bases)
        super().__init__(hidden_size)

    @property
    def rank(self) -> int:
        """There are as many outputs as hidden units, d."""
        return len(self.mean)

    @classmethod
    def fit(cls, h: Tensor, config: BasisConfig, seed: int) -> Self:  # noqa: ARG003
        """Centre on the mean of train activations h (n, d)."""
        basis = cls(config, h.shape[1]).to(h.device)
        basis.mean.copy_(mean_and_covariance(h)[0])
        return basis

    def encode(self, h: Tensor) -> Tensor:
        """y (b, d) of h (b, d)."""
        return h - self.mean

    def decode(self, y: Tensor) -> Tensor:
        """h^ (b, d) of y (b, d)."""
        return y + self.mean
