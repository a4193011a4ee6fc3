"""Integrated gradients from one baseline (Sundararajan et al. 2017, arXiv 1703.01365)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from trainables.attribution.baselines import blurred
from trainables.attribution.gradient_mean import GradientMean, Points
from trainables.attribution.settings import IntegratedGradientsConfig


class IntegratedGradients(GradientMean):
    """A = (x - x') * int_0^1 du/dx (x' + a (x - x')) da; sum A = u(x) - u(x') up to the quadrature."""

    def __init__(
        self,
        settings: IntegratedGradientsConfig,
        data: Tensor,
        generator: torch.Generator,  # noqa: ARG002
    ) -> None:
        self.settings = settings
        self.cost = settings.steps
        self._kind, self._sigma = settings.baseline, settings.blur * data.shape[1] / 28
        self._mean = data.mean(dim=0)
        nodes, weights = np.polynomial.legendre.leggauss(settings.steps)
        self._places = torch.tensor((nodes + 1) / 2).to(data)
        self._weights = torch.tensor(weights / 2).to(data)

    def baseline(self, images: Tensor) -> Tensor:
        """x' (p, h, w) of images (p, h, w)."""
        match self._kind:
            case "blur":
                return blurred(images, self._sigma)
            case "mean":
                return self._mean.expand_as(images)
            case _:
                return torch.zeros_like(images)

    def points(self, images: Tensor) -> Points:
        """Gauss-Legendre nodes on the line from the baseline."""
        start = self.baseline(images)
        way = images - start
        return Points(start + self._places[:, None, None, None] * way, self._weights, way)
