"""What gradient, SmoothGrad, integrated and expected gradients have in common.

A = sum_s w_s clip(du/dx (x_s)) * f_s        x_s points, f_s factors (1, or the way x - x'), w_s weights
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.attribution.attribution import Attribution, Latents, input_gradients
from trainables.attribution.clipping import clip_norms, clip_values
from trainables.attribution.settings import AttributionConfig


@dataclass(frozen=True)
class Points:
    """Where derivatives are taken for p images, and how they are summed.

    points (s, p, h, w); weights (s,); factors 1 or a tensor that broadcasts to the points' shape.
    """

    points: Tensor
    weights: Tensor
    factors: Tensor | float = 1.0


class GradientMean(Attribution):
    """The sum above; a method says which points, factors and weights."""

    settings: AttributionConfig

    def points(self, images: Tensor) -> Points:
        """The points at which gradients of images (p, h, w) are taken."""
        raise NotImplementedError

    def maps(self, latents: Latents, images: Tensor, columns: Tensor) -> Tensor:
        """Signed maps (p, h, w)."""
        at = self.points(images)
        n_draws = at.points.shape[0]
        gradients = input_gradients(latents, at.points.flatten(0, 1), columns.repeat(n_draws))
        clipped = self._clip(gradients.view_as(at.points)) * at.factors
        maps = torch.einsum("s,sphw->phw", at.weights.to(clipped), clipped)
        return clip_values(maps, self.settings.clip_quantile) if self.settings.clip == "map" else maps

    def _clip(self, gradients: Tensor) -> Tensor:
        match self.settings.clip:
            case "norm":
                return clip_norms(gradients)
            case "step":
                return clip_values(gradients, self.settings.clip_quantile)
            case _:
                return gradients
