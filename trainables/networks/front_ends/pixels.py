"""No front end: the fully connected layer reads the pixels."""

from __future__ import annotations

import torch

from trainables.networks.front_ends.front_end import FrontEnd


class Pixels(FrontEnd):
    """The image itself: (b, h, w) -> (b, h w)."""

    def __init__(self, image_shape: tuple[int, int], _channels: int, _generator: torch.Generator) -> None:
        super().__init__()
        self.n_features = image_shape[0] * image_shape[1]

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) -> (b, h w)."""
        return images.flatten(1)
