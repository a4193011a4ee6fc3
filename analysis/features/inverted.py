"""The image that drives a latent most cleanly, under priors: see `trainables.inversion`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from analysis.features.observed import Observed
from trainables.inversion.image_prior import ImagePrior
from trainables.inversion.invert import invert
from trainables.inversion.settings import InversionConfig
from trainables.inversion.target import Targets, high_codes
from trainables.metrics.inversion_scores import read

# At this L0 the weights of `InversionConfig` are in balance.
SPARSE_L0 = 10.0


def settings_at(l0: float) -> InversionConfig:
    """The default settings, with what else fires weighed as if about ten latents fired on an image.

    Where hundreds do, whatever the image, the penalty on them would leave only black.
    """
    usual = InversionConfig()
    return usual.model_copy(update={"off_target": usual.off_target * min(1.0, SPARSE_L0 / max(l0, 1.0))})


@dataclass(frozen=True)
class Inverted:
    """images (l, h, w) in [0, 1] and each one's code of its latent (l,); 0 where nothing finite came out."""

    images: Tensor
    activations: Tensor


def inverted(
    observed: Observed, latents: Tensor, z: Tensor, prior: ImagePrior, settings: InversionConfig, seed: int
) -> Inverted:
    """For latents (l,) that fire on the split, with codes z (n, l).

    Of each latent's restarts the image with the largest purity is kept, the share of the code mass that is
    the latent's own.
    """
    shape = (int(observed.images.shape[1]), int(observed.images.shape[2]))
    if not len(latents):
        return Inverted(observed.images.new_zeros(0, *shape), observed.images.new_zeros(0))
    wanted = Targets(latents, high_codes(z).to(z), observed.decoder.norm(dim=1))
    found = invert(observed.model, wanted, prior, shape, settings, seed).images
    target = torch.arange(len(latents), device=z.device)
    reading = read(observed.model, wanted, found.flatten(0, 1), target.repeat_interleave(found.shape[1]))
    best = torch.nan_to_num(reading.purity, nan=-1.0).view(len(latents), -1).argmax(dim=1)
    images = torch.nan_to_num(found[target, best])
    with torch.no_grad():
        codes = observed.model.encode(observed.model.hidden(images))[1][target, latents]
    return Inverted(images, torch.nan_to_num(codes, 0.0, 0.0, 0.0))
