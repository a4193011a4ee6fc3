"""Learned filters, other ones at every place."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.networks.front_ends.front_end import FrontEnd, halved
from trainables.networks.seeded_layers import he_uniform

SIZE = 5
STRIDE = 2
PADDING = 2


class LocallyConnected(FrontEnd):
    """A convolution without weight sharing (LeCun 1989): 5x5 windows, stride 2, then ReLU.

    For the window x_l (25,) at place l: y_cl = max(0, w_cl . x_l + b_cl), with `channels` units c at
    each of ceil(h/2) * ceil(w/2) places; windows reach over the border, where the image is 0.
    """

    def __init__(self, image_shape: tuple[int, int], channels: int, generator: torch.Generator) -> None:
        super().__init__()
        places = halved(image_shape[0]) * halved(image_shape[1])
        self.n_features = channels * places
        self.weight = nn.Parameter(torch.empty(places, channels, SIZE * SIZE))
        self.bias = nn.Parameter(torch.zeros(channels, places))
        he_uniform(self.weight, SIZE * SIZE, generator)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) -> (b, n_features) >= 0."""
        windows = functional.unfold(images.unsqueeze(1), SIZE, padding=PADDING, stride=STRIDE)
        responses = torch.einsum("btl,lct->bcl", windows, self.weight)
        return (responses + self.bias).relu().flatten(1)

    def first_weights(self) -> list[torch.Tensor]:
        """The filters of every place."""
        return [self.weight]

    def zero_pixels(self, pixels: torch.Tensor) -> None:
        """Set the weights that read the true entries of `pixels` (h, w) to 0."""
        windows = functional.unfold(pixels.to(self.weight)[None, None], SIZE, padding=PADDING, stride=STRIDE)
        with torch.no_grad():
            self.weight.masked_fill_(windows[0].t().unsqueeze(1) > 0, 0)
