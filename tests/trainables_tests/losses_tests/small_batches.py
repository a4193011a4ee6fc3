"""Batches and networks small enough to check by hand."""

from __future__ import annotations

import torch

from trainables.data.dataset import TensorSplit
from trainables.data.stroke_mask import stroke_mask
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.mlp import Mlp
from trainables.seeds import generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import MlpClassifierConfig

IMAGES = torch.rand(12, 8, 8, generator=generator(0), dtype=torch.float64) ** 3
LABELS = torch.arange(12) % 4


def mlp(hidden_size: int = 6, seed: int = 0) -> Mlp:
    """An untrained network on 8x8 images, in float64."""
    return Mlp(MlpClassifierConfig(hidden_size=hidden_size), (8, 8), 10, generator(seed)).double()


def batch(
    network: Mlp, images: torch.Tensor = IMAGES, hidden: torch.Tensor | None = None, seed: int = 3
) -> TrainingBatch:
    """The images with labels in turn; `hidden` in place of the network's own activations."""
    return TrainingBatch(
        network,
        images,
        network.hidden(images) if hidden is None else hidden,
        torch.arange(len(images)) % 4,
        torch.arange(len(images)),
        stroke_mask(images),
        generator(seed),
    )


def setup(hidden_size: int = 6, images: torch.Tensor = IMAGES, **settings: object) -> LossSetup:
    """What a loss with these settings is built from."""
    auxiliary = AuxiliaryConfig.model_validate(settings)
    split = TensorSplit(images, torch.arange(len(images)) % 4)
    return LossSetup(auxiliary, split, hidden_size, generator(1))
