"""Images that drive a latent, found by gradient ascent under priors, many latents at a time.

For latent j, image x and random transformations T, minimise
    - u_j(T x) / q_j                                  drive, in units of q_j, the 99th percentile of its codes
    + off    * sum_{k != j} s_k z_k(T x) / (s_j q_j)   what else fires; s the decoder rows' lengths
    + tv     * TV(x) / median TV of the data
    + prior  * |(1 - V V^T)(x - mean)|^2 / its mean on the data                   V: 50 principal components
over the spectrum of x; `off` rises to its size over the first half of the steps. Families of regularisers:
Olah et al. 2017 (Distill, doi 10.23915/distill.00007), Mahendran and Vedaldi 2015 (arXiv 1412.0035). In these
units rescaling a latent with its decoder row changes nothing, and one set of weights serves all latents.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.inversion.fourier import FourierImages
from trainables.inversion.image_prior import ImagePrior
from trainables.inversion.settings import InversionConfig
from trainables.inversion.target import Targets
from trainables.inversion.transformations import affine_maps, transformed
from trainables.model.interface import SupportsFeatures

LATENTS_AT_ONCE = 128
# Share of the steps over which the weight of the other latents rises to its full size: at once it would hold
# an image near black, where nothing fires, before the latent itself does.
RISE = 0.5


@dataclass(frozen=True)
class Inversions:
    """images and the noise they started from, both (l, r, h, w) in (0, 1)."""

    images: Tensor
    start: Tensor


def invert(
    model: SupportsFeatures,
    wanted: Targets,
    prior: ImagePrior,
    shape: tuple[int, int],
    settings: InversionConfig,
    seed: int,
) -> Inversions:
    """Inversions of the wanted latents; `seed` decides starts and transformations, the same for all."""
    parts = [
        _invert(model, Targets(columns, q99, wanted.norms), prior, shape, settings, seed)
        for columns, q99 in zip(
            wanted.columns.split(LATENTS_AT_ONCE), wanted.q99.split(LATENTS_AT_ONCE), strict=True
        )
    ]
    return Inversions(torch.cat([part.images for part in parts]), torch.cat([part.start for part in parts]))


def _invert(
    model: SupportsFeatures,
    wanted: Targets,
    prior: ImagePrior,
    shape: tuple[int, int],
    settings: InversionConfig,
    seed: int,
) -> Inversions:
    generator = torch.Generator().manual_seed(seed)
    device = wanted.columns.device
    n = len(wanted.columns)
    batch = FourierImages(n, settings.restarts, shape, generator).to(device)
    optimiser = torch.optim.Adam([batch.spectrum], lr=settings.learning_rate)
    start = batch.images().detach()
    for step in range(settings.steps):
        off = settings.off_target * min(1.0, (step + 1) / (RISE * settings.steps))
        maps = affine_maps(settings.restarts, settings, generator).to(device)
        with torch.enable_grad():
            images = batch.images().flatten(0, 1)
            seen = transformed(images, maps.repeat(n, 1, 1))
            total = loss(model, wanted, prior, settings, images, seen, off).sum()
            (batch.spectrum.grad,) = torch.autograd.grad(total, batch.spectrum)
        optimiser.step()
    return Inversions(batch.images().detach(), start)


def loss(
    model: SupportsFeatures,
    wanted: Targets,
    prior: ImagePrior,
    settings: InversionConfig,
    images: Tensor,
    seen: Tensor,
    off_target: float,
) -> Tensor:
    """The objective above (b,) for l * r images (b, h, w), latent by latent, and their transformed selves."""
    restarts = len(images) // len(wanted.columns)
    column = wanted.columns.repeat_interleave(restarts)[:, None]
    q99, unit = wanted.q99.repeat_interleave(restarts), wanted.unit.repeat_interleave(restarts)
    u, z = model.encode(model.hidden(seen))
    masses = wanted.masses(z)
    others = masses.sum(1) - masses.gather(1, column)[:, 0]
    return (
        -u.gather(1, column)[:, 0] / q99
        + off_target * others / unit
        + settings.total_variation * prior.variations(images)
        + settings.prior * prior.residuals(images)
    )
