"""The derivative of a latent by the pixels (Simonyan et al. 2013, arXiv 1312.6034)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.attribution.gradient_mean import GradientMean, Points
from trainables.attribution.settings import GradientConfig


class Gradient(GradientMean):
    """A = du/dx. At exactly black pixels ReLU'(0) = 0 can hide what the faintest light would change."""

    def __init__(self, settings: GradientConfig, data: Tensor, generator: torch.Generator) -> None:  # noqa: ARG002
        self.settings = settings

    def points(self, images: Tensor) -> Points:
        """The one point at which the gradient is taken: the image itself."""
        return Points(images[None], torch.ones(1))
