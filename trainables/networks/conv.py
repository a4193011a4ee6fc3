"""The convolutional classifier."""

from __future__ import annotations

import torch

from trainables.config import ConvClassifier
from trainables.networks.layers import linear, strided_convolution
from trainables.networks.network import Network


class Conv(Network):
    """Two 3x3 convolutions with stride 2 (c and 2c channels), a hidden ReLU layer, a linear head."""

    def __init__(
        self,
        config: ConvClassifier,
        image_shape: tuple[int, int],
        n_classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.hidden_size = config.hidden_size
        height, width = (_halved(_halved(size)) for size in image_shape)
        self.first = strided_convolution(1, config.channels, generator)
        self.second = strided_convolution(config.channels, 2 * config.channels, generator)
        self.to_hidden = linear(2 * config.channels * height * width, config.hidden_size, generator)
        self.readout = linear(config.hidden_size, n_classes, generator)

    def hidden(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> h (b, d) >= 0."""
        maps = self.second(self.first(images.unsqueeze(1)).relu()).relu()
        activations: torch.Tensor = self.to_hidden(maps.flatten(1)).relu()
        return activations

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        """h (b, d) -> logits (b, classes)."""
        logits: torch.Tensor = self.readout(hidden)
        return logits


def _halved(size: int) -> int:
    """Rows left of `size` by a 3x3 convolution with stride 2 and padding 1."""
    return (size + 1) // 2
