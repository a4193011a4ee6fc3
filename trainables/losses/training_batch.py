"""What an auxiliary loss may look at."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from trainables.networks.network import Network


@dataclass(frozen=True)
class TrainingBatch:
    """One gradient step's inputs.

    images (b, h, w); hidden (b, d) = network.hidden(images), part of the graph; mask bool (b, h, w),
    the images' stroke masks; generator: on the images' device, for losses that draw.
    """

    network: Network
    images: torch.Tensor
    hidden: torch.Tensor
    mask: torch.Tensor
    generator: torch.Generator
