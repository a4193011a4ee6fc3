"""What may stand between the pixels and a fully connected layer."""

from __future__ import annotations

import torch
from torch import nn


class FrontEnd(nn.Module):
    """images (b, h, w) -> features (b, n_features) >= 0, from a neighbourhood of pixels each.

    Built as FrontEnd(image_shape, channels, generator): generator (CPU) decides all first weights;
    a fixed bank heeds neither it nor `channels`.
    """

    n_features: int

    def first_weights(self) -> list[torch.Tensor]:
        """Learned weights, without biases; empty where nothing is learned."""
        return []

    def zero_pixels(self, pixels: torch.Tensor) -> None:  # noqa: ARG002 (one signature for all)
        """Set the weights that read the true entries of `pixels` (h, w) to 0; ValueError if shared."""
        raise ValueError(f"{type(self).__name__} reads every pixel by the same weights")


def halved(size: int) -> int:
    """Places along one side after a stride of 2: ceil(size / 2)."""
    return (size + 1) // 2
