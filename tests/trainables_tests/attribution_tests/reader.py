"""A small network read at known places, for tests of attribution."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIDE = 8
LATENTS = 5


class Reader(nn.Module):
    """images (b, h, w) -> u (b, f): one smooth hidden layer, then linear. Curved, so that paths matter."""

    def __init__(self, seed: int = 0, side: int = SIDE) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.first = nn.Parameter(torch.randn(side * side, 12, generator=generator) / side)
        self.second = nn.Parameter(torch.randn(12, LATENTS, generator=generator))

    def forward(self, images: Tensor) -> Tensor:
        return torch.tanh(images.flatten(1) @ self.first) @ self.second


def pictures(n: int, seed: int = 1, side: int = SIDE) -> Tensor:
    """Sparse random images in [0, 1]: most pixels black."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(n, side, side, generator=generator)
    return values * (torch.rand(n, side, side, generator=generator) < 0.3)
