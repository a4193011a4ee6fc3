"""The fully connected classifier."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from trainables import registry
from trainables.networks.front_ends.front_end import FrontEnd
from trainables.networks.front_ends.pixels import Pixels
from trainables.networks.network import Network
from trainables.networks.seeded_layers import linear
from trainables.settings.classifier import MlpClassifierConfig


class Mlp(Network):
    """A front end, `depth` layers of `hidden_size` ReLU units, then a linear head."""

    def __init__(
        self,
        config: MlpClassifierConfig,
        image_shape: tuple[int, int],
        n_classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__(config)
        self.hidden_size = config.hidden_size
        self.image_shape = image_shape
        front_end: type[FrontEnd] = registry.FRONT_ENDS[config.front_end]
        self.front_end = front_end(image_shape, config.front_end_channels, generator)
        sizes = [self.front_end.n_features] + [config.hidden_size] * config.depth
        self.layers = nn.ModuleList(linear(n_in, n_out, generator) for n_in, n_out in pairwise(sizes))
        self.readout = linear(config.hidden_size, n_classes, generator)

    def activations(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> (b, d) >= 0."""
        activations: torch.Tensor = self.front_end(images)
        for layer in self.layers:
            activations = layer(activations).relu()
        return activations

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        """h (b, d) -> logits (b, classes)."""
        logits: torch.Tensor = self.readout(hidden)
        return logits

    def hidden_layer(self) -> nn.Linear:
        """The last one before the readout."""
        return self._hidden_layer(-1)

    def readout_layer(self) -> nn.Linear:
        """The linear layer from hidden units to logits."""
        return self.readout

    def first_weights(self) -> list[torch.Tensor]:
        """Those of the front end, or of the first hidden layer behind one that does not learn."""
        return self.front_end.first_weights() or [self._hidden_layer(0).weight]

    def pixel_weights(self) -> torch.Tensor:
        """First hidden layer's weights (hidden_size, h, w); ValueError behind a front end."""
        if not isinstance(self.front_end, Pixels):
            raise ValueError(f"behind {type(self.front_end).__name__} no first weight belongs to one pixel")
        return self._hidden_layer(0).weight.unflatten(1, self.image_shape)

    def zero_pixels(self, pixels: torch.Tensor) -> None:
        """Set the first weights of the true entries of `pixels` (h, w) to 0; ValueError if shared."""
        if not isinstance(self.front_end, Pixels):
            self.front_end.zero_pixels(pixels)
            return
        with torch.no_grad():
            self.pixel_weights().masked_fill_(pixels, 0)

    def _hidden_layer(self, number: int) -> nn.Linear:
        layer = self.layers[number]
        assert isinstance(layer, nn.Linear)
        return layer
