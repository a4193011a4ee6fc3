"""A bag of local features: what is seen in small patches, averaged, with no word of where."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.networks.network import Network
from trainables.networks.patches import patch_size, patch_stride
from trainables.networks.seeded_layers import he_uniform, linear
from trainables.settings.classifier import BagClassifierConfig


class Bag(Network):
    """h_cR = mean (or max) over places p of region R of relu(V relu(W x_p + a) + b)_c, then a linear head.

    x_p is the patch of `receptive_field` pixels at place p, W and V the same at every place; the map is cut
    into `grid` x `grid` regions. With grid 1 and the mean this is a bag of features in the sense of BagNets
    (Brendel & Bethge 2019, arXiv 1904.00760): the logits are the mean of what each patch says for itself.
    d = channels * grid^2.
    """

    def __init__(
        self,
        config: BagClassifierConfig,
        image_shape: tuple[int, int],
        n_classes: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__(config)
        size, channels = patch_size(config.receptive_field, image_shape), config.channels
        stride = patch_stride(config.stride, image_shape)
        self.grid, self.takes_max = config.grid, config.pool == "max"
        self.hidden_size = channels * config.grid**2
        self.first = _convolution(1, channels, size, stride, generator)
        self.second = _convolution(channels, channels, 1, 1, generator)
        self.readout = linear(self.hidden_size, n_classes, generator)

    def activations(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> (b, d) >= 0, channel by channel, region by region."""
        maps = self.second(self.first(images.unsqueeze(1)).relu()).relu()
        pool = functional.adaptive_max_pool2d if self.takes_max else functional.adaptive_avg_pool2d
        return pool(maps, self.grid).flatten(1)

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        """h (b, d) -> logits (b, classes)."""
        logits: torch.Tensor = self.readout(hidden)
        return logits

    def readout_layer(self) -> nn.Linear:
        """The linear layer that reads the hidden units."""
        return self.readout

    def first_weights(self) -> list[torch.Tensor]:
        """Weights of the filters that read the patches."""
        return [self.first.weight]

    def unit_places(self) -> torch.Tensor:
        """Middles of the regions; ValueError where one region is the whole image."""
        if self.grid == 1:
            return super().unit_places()
        middles = (torch.arange(self.grid) + 0.5) / self.grid
        down, across = torch.meshgrid(middles, middles, indexing="ij")
        places = torch.stack([down.flatten(), across.flatten()], dim=1)
        return places.repeat(self.hidden_size // len(places), 1)


def _convolution(c_in: int, c_out: int, size: int, stride: int, generator: torch.Generator) -> nn.Conv2d:
    """Convolution padded by size // 2, weights as `he_uniform`, biases 0."""
    layer: nn.Conv2d = nn.utils.skip_init(
        nn.Conv2d, c_in, c_out, kernel_size=size, stride=stride, padding=size // 2
    )
    he_uniform(layer.weight, c_in * size**2, generator)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
