"""What every classifier offers to the rest: a hidden layer to read and a head to splice into."""

from __future__ import annotations

import torch
from torch import nn

from trainables.networks.ink_threshold import ink_above
from trainables.networks.k_winners import k_winners
from trainables.settings.classifier import ClassifierTrainingConfig


class Network(nn.Module):
    """A classifier cut at the layer that the SAE reads.

    hidden: images (b, h, w) -> activations (b, d) >= 0, of either sign where somebody else's network is cut
    before its ReLU. A kind says `activations`; before it, whatever the
    kind, comes the ink threshold, and of what it gives the `kwta` strongest units (all, if that is 0) stay.
    head: activations (b, d) -> logits (b, classes). `forward` is head(hidden(images)).
    """

    hidden_size: int

    def __init__(self, config: ClassifierTrainingConfig) -> None:
        super().__init__()
        self.ink_threshold = config.ink_threshold
        self.kwta = config.kwta

    def hidden(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> h (b, d) >= 0."""
        return k_winners(self.activations(ink_above(images, self.ink_threshold)), self.kwta)

    def activations(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) in [0, 1] -> (b, d) >= 0, all units."""
        raise NotImplementedError

    def fit_start(self, images: torch.Tensor, generator: torch.Generator) -> None:
        """Fit first weights to train images (n, h, w), where a kind's start asks for it; generator: CPU."""

    def unit_places(self) -> torch.Tensor:
        """Where each hidden unit looks: middles (d, 2) = down, across as shares of the sides, in [0, 1].

        ValueError where a unit reads the whole image.
        """
        raise ValueError(f"the hidden units of {type(self).__name__} have no place in the image")

    def head(self, hidden: torch.Tensor) -> torch.Tensor:
        """h (b, d) -> logits (b, classes)."""
        raise NotImplementedError

    def hidden_layer(self) -> nn.Linear:
        """The layer whose ReLU is `hidden`: weights (d, inputs); ValueError where no such layer exists."""
        raise ValueError(f"no linear layer makes the hidden units of {type(self).__name__}")

    def readout_layer(self) -> nn.Linear:
        """The layer that makes logits of `hidden`: weights (classes, d)."""
        raise NotImplementedError

    def first_weights(self) -> list[torch.Tensor]:
        """Weights, without biases, of the first layer that learns."""
        raise NotImplementedError

    def thresholds(self) -> list[torch.Tensor]:
        """Parameters that decide when a unit answers at all, which may be trained at a rate of their own."""
        return []

    def pixel_weights(self) -> torch.Tensor:
        """First weights (units, h, w), one for every pair of unit and pixel; part of the graph.

        ValueError where a weight belongs to no one pixel, as in a convolution.
        """
        raise ValueError(f"the first weights of {type(self).__name__} belong to no single pixel")

    def zero_pixels(self, pixels: torch.Tensor) -> None:  # noqa: ARG002 (one signature for all)
        """Set the first weights of the true entries of `pixels` (h, w) to 0; else ValueError."""
        raise ValueError(f"the first weights of {type(self).__name__} belong to no single pixel")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) -> logits (b, classes)."""
        return self.head(self.hidden(images))


def build_network(
    config: ClassifierTrainingConfig, image_shape: tuple[int, int], n_classes: int, generator: torch.Generator
) -> Network:
    """The untrained network that `config` describes, on the CPU; `generator` (CPU) decides its weights."""
    network: Network = config.load_implementation()(config, image_shape, n_classes, generator)
    return network
