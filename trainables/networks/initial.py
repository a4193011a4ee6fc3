"""A classifier's network before its first gradient step, as its data and settings make it."""

from __future__ import annotations

import torch

from trainables.data.dataset import ImageData
from trainables.networks.network import Network, build_network
from trainables.settings.classifier import ClassifierTrainingConfig

# A pixel inked in fewer images than this share gets next to no gradient and would stay at its first weight.
RARELY_INKED = 0.01


def initial_network(config: ClassifierTrainingConfig, data: ImageData, generator: torch.Generator) -> Network:
    """`build_network` for `data`, what its start fits fitted to the train images; with `zero_dead_pixels`,
    first weights of dead pixels are 0.

    generator: CPU, decides the weights. The network is on the CPU.
    """
    network = build_network(config, data.image_shape, data.n_classes, generator)
    network.fit_start(data.train.images.cpu(), generator)
    if getattr(config, "zero_dead_pixels", False):
        network.zero_pixels(dead_pixels(data.train.images).cpu())
    return network


def dead_pixels(images: torch.Tensor) -> torch.Tensor:
    """Pixels that are above 0 in fewer than 1 % of images (n, h, w): bool (h, w)."""
    return (images > 0).float().mean(dim=0) < RARELY_INKED
