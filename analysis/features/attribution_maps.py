"""Where a latent looks, by every method that a page offers."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from analysis.features.observed import Observed
from analysis.features.reading import Reading
from trainables.attribution.attribution import Attribution
from trainables.attribution.gradient import Gradient
from trainables.attribution.integrated_gradients import IntegratedGradients
from trainables.attribution.occlusion import Occlusion
from trainables.attribution.settings import (
    GradientConfig,
    IntegratedGradientsConfig,
    OcclusionConfig,
    SmoothGradConfig,
)
from trainables.attribution.smooth_grad import SmoothGrad
from trainables.seeds import generator


class AttributionMaps:
    """The methods, each built once, so that maps of different latents share all random numbers.

    Integrated gradients start at the blurred image: from black no black pixel would ever be credited.
    """

    def __init__(self, observed: Observed, seed: int) -> None:
        self._reading = Reading(observed.model, observed.h.shape[1])
        images = observed.images
        self.methods: Mapping[str, Attribution] = {
            "gradient": Gradient(GradientConfig(), images, generator(seed)),
            "smooth_grad": SmoothGrad(SmoothGradConfig(), images, generator(seed)),
            "integrated_gradients": IntegratedGradients(IntegratedGradientsConfig(), images, generator(seed)),
            "occlusion": Occlusion(OcclusionConfig(), images, generator(seed)),
        }

    def __call__(self, pictures: Tensor, latents: Tensor, places: Tensor) -> dict[str, Tensor]:
        """Signed maps (p, h, w) of u_{latents[places[i]]} at pictures[i], by method; 0 where not finite.

        pictures (p, h, w); latents (l,); places (p,) into them.
        """
        read = self._reading.of(latents)
        return {
            name: torch.nan_to_num(method(read, pictures, places), 0.0, 0.0, 0.0)
            for name, method in self.methods.items()
        }
