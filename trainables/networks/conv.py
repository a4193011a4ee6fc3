"""The convolutional classifier, whose hidden layer the SAE reads."""

from __future__ import annotations

import torch
from torch import nn

from trainables.networks.front_ends.front_end import halved
from trainables.networks.network import Network
from trainables.networks.seeded_layers import linear, strided_convolution
from trainables.settings.classifier import ConvClassifierConfig


class Conv(Network):
    """Two 3x3 convolutions with stride 2 (c and 2c channels), a hidden ReLU layer, a linear head.

    Without `bias` (Mohan et al. 2020) everything up to the hidden layer is positively homogeneous:
    activations(a x) = a activations(x) for a >= 0.
    """

    def __init__(
        self,
        config: ConvClassifierConfig,
        image_shape: tuple[int, int],
        n_classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__(config)
        self.hidden_size = config.hidden_size
        height, width = (halved(halved(size)) for size in image_shape)
        c, bias = config.channels, config.bias
        self.first = strided_convolution(1, c, generator, bias)
        self.second = strided_convolution(c, 2 * c, generator, bias)
        self.to_hidden = linear(2 * c * height * width, config.hidden_size, generator, bias)
        self.readout = linear(config.hidden_size, n_classes, generator)

    def activations(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> (b, d) >= 0."""
        maps = self.second(self.first(images.unsqueeze(1)).relu()).relu()
        activations: torch.Tensor = self.to_hidden(maps.flatten(1)).relu()
        return activations

    def hidden_layer(self) -> nn.Linear:
        """The one after the convolutions."""
        return self.to_hidden

    def readout_layer(self) -> nn.Linear:
        """The linear layer from hidden units to logits."""
        return self.readout

    def first_weights(self) -> list[torch.Tensor]:
        """The first convolution's filters."""
        return [self.first.weight]

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        """h (b, d) -> logits (b, classes)."""
        logits: torch.Tensor = self.readout(hidden)
        return logits
