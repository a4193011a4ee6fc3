"""Layers whose first weights come from a given generator alone."""

from __future__ import annotations

import torch
from torch import nn


def linear(n_in: int, n_out: int, generator: torch.Generator, bias: bool = True) -> nn.Linear:
    """Fully connected layer (n_in -> n_out), weights as `he_uniform`, biases 0."""
    # skip_init, because the ordinary constructor draws from the global generator.
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, n_in, n_out, bias=bias)
    he_uniform(layer.weight, n_in, generator)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def strided_convolution(c_in: int, c_out: int, generator: torch.Generator, bias: bool = True) -> nn.Conv2d:
    """3x3 convolution with stride 2 and padding 1: (b, c_in, h, w) -> (b, c_out, ceil(h/2), ceil(w/2))."""
    layer: nn.Conv2d = nn.utils.skip_init(
        nn.Conv2d, c_in, c_out, kernel_size=3, stride=2, padding=1, bias=bias
    )
    he_uniform(layer.weight, c_in * 9, generator)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def he_uniform(weight: torch.Tensor, fan_in: int, generator: torch.Generator) -> None:
    """U[-a, a] with a = sqrt(6 / fan_in), which keeps E[x^2] through a ReLU (He et al. 2015)."""
    bound = (6 / fan_in) ** 0.5
    with torch.no_grad():
        weight.uniform_(-bound, bound, generator=generator)
