"""The fully connected classifier."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from trainables.config import MlpClassifier
from trainables.networks.layers import linear
from trainables.networks.network import Network


class Mlp(Network):
    """`depth` layers of `hidden_size` ReLU units, then a linear head; the last one is `hidden`."""

    def __init__(
        self,
        config: MlpClassifier,
        image_shape: tuple[int, int],
        n_classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.hidden_size = config.hidden_size
        sizes = [image_shape[0] * image_shape[1]] + [config.hidden_size] * config.depth
        self.layers = nn.ModuleList(linear(n_in, n_out, generator) for n_in, n_out in pairwise(sizes))
        self.readout = linear(config.hidden_size, n_classes, generator)

    def hidden(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> h (b, d) >= 0."""
        activations = images.flatten(1)
        for layer in self.layers:
            activations = layer(activations).relu()
        return activations

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        """h (b, d) -> logits (b, classes)."""
        logits: torch.Tensor = self.readout(hidden)
        return logits
