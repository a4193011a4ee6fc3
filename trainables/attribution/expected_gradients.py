"""Expected gradients: baselines are images of the data (Erion et al. 2021, arXiv 1906.10670)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.attribution.baselines import drawn
from trainables.attribution.gradient_mean import GradientMean, Points
from trainables.attribution.settings import ExpectedGradientsConfig


class ExpectedGradients(GradientMean):
    """A = E_{x', a}[(x - x') * du/dx (x' + a (x - x'))], x' from the data, a ~ U[0, 1].

    sum A = u(x) - E u(x') in expectation. The places a are stratified, one in each of `draws` equal parts
    of [0, 1], which leaves the mean as it is and lowers the variance.
    """

    def __init__(self, settings: ExpectedGradientsConfig, data: Tensor, generator: torch.Generator) -> None:
        self.settings = settings
        self.cost = draws = settings.draws
        self.baselines = drawn(data, draws, generator)
        places = (torch.randperm(draws, generator=generator) + torch.rand(draws, generator=generator)) / draws
        self._places = places.to(data)

    def points(self, images: Tensor) -> Points:
        """One place on the line from each drawn baseline."""
        start = self.baselines[:, None]
        way = images[None] - start
        draws = self._places.shape[0]
        return Points(start + self._places[:, None, None, None] * way, torch.full((draws,), 1 / draws), way)
