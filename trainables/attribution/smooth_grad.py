"""The mean derivative around an image (Smilkov et al. 2017, arXiv 1706.03825)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.attribution.gradient_mean import GradientMean, Points
from trainables.attribution.settings import SmoothGradConfig


class SmoothGrad(GradientMean):
    """A = (1/S) sum_s du/dx (x + e_s), e_s ~ N(0, noise^2) per pixel.

    The noisy images are not cut to [0, 1], so that black pixels are tried on both sides of 0.
    """

    def __init__(self, settings: SmoothGradConfig, data: Tensor, generator: torch.Generator) -> None:
        self.settings = settings
        self.cost = settings.draws
        noise = torch.randn(settings.draws, *data.shape[1:], generator=generator)
        self._noise = settings.noise * noise.to(data)

    def points(self, images: Tensor) -> Points:
        """The image under every noise."""
        draws = self._noise.shape[0]
        return Points(images[None] + self._noise[:, None], torch.full((draws,), 1 / draws))
