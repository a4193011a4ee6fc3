"""Images that drive a latent most cleanly, under priors, and differently: see `trainables.inversion`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.features.feature import N_INVERSIONS
from analysis.features.observed import Observed
from trainables.inversion.image_prior import ImagePrior
from trainables.inversion.invert import invert
from trainables.inversion.settings import InversionConfig
from trainables.inversion.target import Targets, high_codes
from trainables.metrics.inversion_scores import read

# At this L0 the weights of `InversionConfig` are in balance.
SPARSE_L0 = 10.0
# Of the best restart's purity; what does worse is another latent's picture.
CLEAN = 0.5


def settings_at(l0: float) -> InversionConfig:
    """The default settings, with what else fires weighed as if about ten latents fired on an image.

    Where hundreds do, whatever the image, the penalty on them would leave only black.
    """
    usual = InversionConfig()
    return usual.model_copy(update={"off_target": usual.off_target * min(1.0, SPARSE_L0 / max(l0, 1.0))})


@dataclass(frozen=True)
class Inverted:
    """images (k, h, w) in [0, 1] of one latent and its codes there (k,); 0 where nothing finite came out."""

    images: Tensor
    activations: Tensor


def inverted(
    observed: Observed, latents: Tensor, z: Tensor, prior: ImagePrior, settings: InversionConfig, seed: int
) -> list[Inverted]:
    """One for each of latents (l,) that fire on the split, with codes z (n, l).

    Of each latent's restarts the first image has the largest purity, the share of the code mass that is the
    latent's own; then follow, of those with at least half of it, the ones least like what was taken.
    """
    if not len(latents):
        return []
    shape = (int(observed.images.shape[1]), int(observed.images.shape[2]))
    wanted = Targets(latents, high_codes(z).to(z), observed.decoder.norm(dim=1))
    images = torch.nan_to_num(invert(observed.model, wanted, prior, shape, settings, seed).images)
    restarts = images.shape[1]
    target = torch.arange(len(latents), device=z.device).repeat_interleave(restarts)
    flat = images.flatten(0, 1)
    purity = torch.nan_to_num(read(observed.model, wanted, flat, target).purity, nan=-1.0)
    with torch.no_grad():
        codes = observed.model.encode(observed.model.hidden(flat))[1].gather(1, latents[target][:, None])
    codes = torch.nan_to_num(codes, 0.0, 0.0, 0.0).view(-1, restarts)
    found = []
    for own, clean, code in zip(images, purity.view(-1, restarts), codes, strict=True):
        chosen = diverse(own, clean)
        found.append(Inverted(own[chosen], code[chosen]))
    return found


def diverse(images: Tensor, purity: Tensor) -> list[int]:
    """At most 4 of images (r, h, w): the purest, then the least like those taken (centred cosine)."""
    centred = F.normalize((images - images.mean(dim=0)).flatten(1), dim=1)
    alike = centred @ centred.T
    clean = purity >= CLEAN * purity.max()
    chosen = [int(purity.argmax())]
    while len(chosen) < N_INVERSIONS:
        nearest = alike[:, chosen].amax(dim=1).masked_fill(~clean, torch.inf)
        nearest[chosen] = torch.inf
        if not bool(nearest.isfinite().any()):
            break
        chosen.append(int(nearest.argmin()))
    return chosen
