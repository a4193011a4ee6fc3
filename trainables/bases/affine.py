"""What all bases are: an affine map of the hidden activations and its pseudo-inverse.

    y = (h - mean) M        h^ = y M+ + mean        h (b, d), y (b, r), M (d, r), M+ (r, d)

M+ is the Moore-Penrose inverse of M wherever the train activations vary, so `decode(encode(h))` is the
projection of h - mean onto the basis' directions. Fitted in float64, used in float32.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor

from trainables.bases.basis import Basis
from trainables.settings.basis import BasisConfig

CHUNK = 8192


class AffineBasis(Basis):
    """The map above as buffers; subclasses say how to fit M. Outputs: the config's `components`, else d."""

    forward_map: Tensor
    inverse_map: Tensor

    def __init__(self, config: BasisConfig, hidden_size: int) -> None:
        super().__init__(hidden_size)
        rank = min(int(getattr(config, "components", hidden_size)), hidden_size)
        self.register_buffer("forward_map", torch.zeros(hidden_size, rank))
        self.register_buffer("inverse_map", torch.zeros(rank, hidden_size))

    @property
    def rank(self) -> int:
        """r, the columns of M."""
        return self.forward_map.shape[1]

    @classmethod
    def fit(cls, h: Tensor, config: BasisConfig, seed: int) -> Self:
        """The basis of train activations h (n, d), on the device of h."""
        basis = cls(config, h.shape[1]).to(h.device)
        mean, covariance = mean_and_covariance(h)
        forward_map, inverse_map = basis.fit_maps(h, mean, covariance, seed)
        basis.mean.copy_(mean)
        basis.forward_map = forward_map.float().contiguous()
        basis.inverse_map = inverse_map.float().contiguous()
        return basis

    def fit_maps(self, h: Tensor, mean: Tensor, covariance: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """M (d, r) and M+ (r, d) in float64."""
        raise NotImplementedError

    def encode(self, h: Tensor) -> Tensor:
        """y (b, r) of h (b, d)."""
        return (h - self.mean) @ self.forward_map

    def decode(self, y: Tensor) -> Tensor:
        """h^ (b, d) of y (b, r)."""
        return y @ self.inverse_map + self.mean


def mean_and_covariance(h: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and population covariance (d, d) of h (n, d), in float64 without a float64 copy of h."""
    mean = torch.zeros(h.shape[1], dtype=torch.float64, device=h.device)
    for rows in h.split(CHUNK):
        mean += rows.double().sum(0)
    mean /= len(h)
    covariance = torch.zeros(h.shape[1], h.shape[1], dtype=torch.float64, device=h.device)
    for rows in h.split(CHUNK):
        centred = rows.double() - mean
        covariance += centred.T @ centred
    return mean, covariance / len(h)


def principal_components(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Variances (d,), falling and at least 0, and directions (d, d) in columns, of a covariance.

    The sign of a direction is arbitrary; the entry of largest size is made positive, so that equal
    activations give equal bases on every machine.
    """
    variances, directions = torch.linalg.eigh(covariance.cpu())
    variances, directions = variances.flip(0).clamp(min=0), directions.flip(1)
    return variances.to(covariance.device), largest_entry_positive(directions).to(covariance.device)


def largest_entry_positive(directions: Tensor) -> Tensor:
    """Directions (d, r) in columns, each with the sign that makes its entry of largest size positive."""
    largest = directions.abs().argmax(0, keepdim=True)
    return directions * torch.where(directions.gather(0, largest) < 0, -1.0, 1.0).to(directions)
