"""What the pipeline asks of a basis."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn

from trainables.settings.basis import BasisConfig


class Basis(nn.Module):
    """A change of coordinates of the hidden activations, h (b, d) -> y (b, r), and the way back.

    `decode(encode(h))` is a projection: applying it twice changes nothing more, and the train mean is
    kept. Built from the config and d alone, a basis is a shell that `load_state_dict` fills.
    """

    mean: Tensor

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(hidden_size))

    @property
    def rank(self) -> int:
        """r, the number of outputs; a shell whose config leaves it open knows it once it is filled."""
        raise NotImplementedError

    @classmethod
    def fit(cls, h: Tensor, config: BasisConfig, seed: int) -> Self:
        """The basis of train activations h (n, d), on the device of h."""
        raise NotImplementedError

    def encode(self, h: Tensor) -> Tensor:
        """y (b, r) of h (b, d)."""
        raise NotImplementedError

    def decode(self, y: Tensor) -> Tensor:
        """h^ (b, d) of y (b, r)."""
        raise NotImplementedError
