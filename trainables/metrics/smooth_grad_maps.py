"""SmoothGrad on a small sample of latents, for the metrics of maps that are too slow for rungs."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.attribution.settings import SmoothGradConfig
from trainables.attribution.smooth_grad import SmoothGrad
from trainables.metrics.inputs import MetricInputs
from trainables.metrics.latent_image_pairs import Pairs, firing_pairs

# A map of many draws, and the reading of a code at every step, cost some hundred passes for each pair.
LATENTS = 32
TOP = 8


def of_latents(inputs: MetricInputs) -> tuple[SmoothGrad, Pairs]:
    """The method, and the pairs of a latent and an image that it is to map."""
    measured, seed = inputs.measured, inputs.seed
    pairs, _ = firing_pairs(measured.val_z, measured.alive, seed, LATENTS, TOP)
    images = measured.activations.val_images
    return SmoothGrad(SmoothGradConfig(), images, torch.Generator().manual_seed(seed)), pairs


def pictures(pairs: Pairs, images: Tensor) -> Tensor:
    """Each pair's image, (p, h, w)."""
    return images[pairs.images][pairs.at]
