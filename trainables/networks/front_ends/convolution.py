"""Learned filters that are the same at every place."""

from __future__ import annotations

import torch

from trainables.networks.front_ends.front_end import FrontEnd, halved
from trainables.networks.seeded_layers import strided_convolution


class Convolution(FrontEnd):
    """3x3 convolution with stride 2 and bias, then ReLU: channels * ceil(h/2) * ceil(w/2) features."""

    has_bias = True

    def __init__(self, image_shape: tuple[int, int], channels: int, generator: torch.Generator) -> None:
        super().__init__()
        self.convolution = strided_convolution(1, channels, generator, bias=self.has_bias)
        self.n_features = channels * halved(image_shape[0]) * halved(image_shape[1])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) -> (b, n_features) >= 0."""
        maps: torch.Tensor = self.convolution(images.unsqueeze(1)).relu()
        return maps.flatten(1)

    def first_weights(self) -> list[torch.Tensor]:
        """The filters, shared by all places."""
        return [self.convolution.weight]


class BiasFreeConvolution(Convolution):
    """The same without bias (Mohan et al. 2020): silent wherever the image is black."""

    has_bias = False
