"""What an auxiliary loss is built from, and what it may look at in each step."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from trainables.data.dataset import TensorSplit
from trainables.networks.network import Network
from trainables.settings.auxiliary import AuxiliaryConfig


@dataclass(frozen=True)
class LossSetup:
    """What a loss with a state of its own is built from, once per training, on the CPU.

    The implementation of a `LossConfig` is a function TrainingBatch -> scalar, or for an
    nn.Module class that takes a LossSetup and whose `forward` is such a function. A module's parameters
    are trained with the network's, and all its persistent tensors belong to the trainer's state.

    train: the images in the order that `TrainingBatch.rows` counts; generator: CPU, for first weights.
    """

    auxiliary: AuxiliaryConfig
    train: TensorSplit
    hidden_size: int
    generator: torch.Generator


@dataclass(frozen=True)
class TrainingBatch:
    """One gradient step's inputs.

    images (b, h, w), perhaps augmented; hidden (b, d) = network.hidden(images), part of the graph;
    labels int64 (b,); rows int64 (b,): which train images these are; mask bool (b, h, w): the stroke
    masks of the images as they were before any augmentation; generator: on the images' device, for
    losses that draw.
    """

    network: Network
    images: torch.Tensor
    hidden: torch.Tensor
    labels: torch.Tensor
    rows: torch.Tensor
    mask: torch.Tensor
    generator: torch.Generator
