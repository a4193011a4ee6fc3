"""What inversions say about latents, beside three baselines that any inversion should beat.

With masses m_k = s_k z_k (s the decoder rows' lengths), for latent j and its image x*:
    purity      m_j / sum_k m_k, in [0, 1]                  null: the noise that the optimisation started from
    rank        1 + number of latents with a larger mass
    drive       z_j(x*) / 99th percentile of z_j on the data where it fires
    tv_ratio    total variation over the data's median      1 = as smooth as data
    nn_ratio    distance to the nearest train image in the PCA-50 plane over the data's median one
    agreement   mean cosine between restarts of x* less the data's mean image, in [-1, 1]
Means over restarts, then over a sample of the living latents. References for purity: the best real image,
chosen by it, and the mean of the 16 images on which the latent is largest, which is hard to beat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.inversion.fourier import FourierImages
from trainables.inversion.image_prior import ImagePrior, fit_image_prior
from trainables.inversion.invert import Inversions, invert
from trainables.inversion.settings import InversionConfig
from trainables.inversion.target import Targets, targets
from trainables.metrics.latent_image_pairs import sample_latents
from trainables.metrics.measured import Measured
from trainables.metrics.top_images import TopImages
from trainables.model.interface import SupportsFeatures

DEFAULT = InversionConfig()
TOP_MEAN = 16
_ROWS = 4096


@dataclass(frozen=True)
class Reading:
    """How images (b, h, w) do for one latent each: (b,) float64."""

    purity: Tensor
    rank: Tensor
    drive: Tensor


def inversion_scores(measured: Measured, seed: int, settings: InversionConfig = DEFAULT) -> dict[str, float]:
    """The scores in the module's head and purity's baselines, for at most 64 living latents.

    Without a latent that fires: purity, drive and agreement 0, the worst rank, and the ratios of the noise.
    """
    a = measured.activations
    eligible = measured.alive & (measured.val_z > 0).any(dim=0)
    wanted = targets(measured.model, measured.val_z, sample_latents(eligible, seed))
    prior = fit_image_prior(a.train_images)
    shape = (int(a.val_images.shape[1]), int(a.val_images.shape[2]))
    if not len(wanted.columns):
        return _nothing(prior, shape, settings, seed, f=measured.val_z.shape[1])
    found = invert(measured.model, wanted, prior, shape, settings, seed)
    return {
        **scores(measured.model, wanted, found, prior),
        **baselines(measured.model, wanted, measured.val_z, a.val_images),
    }


def scores(
    model: SupportsFeatures, wanted: Targets, found: Inversions, prior: ImagePrior
) -> dict[str, float]:
    """The scores in the module's head, of inversions (l, r, h, w) of the wanted latents."""
    restarts = found.images.shape[1]
    target = torch.arange(len(wanted.columns), device=found.images.device).repeat_interleave(restarts)
    flat = found.images.flatten(0, 1)
    reached, noise = (read(model, wanted, x, target) for x in (flat, found.start.flatten(0, 1)))
    purity, null = float(reached.purity.mean()), float(noise.purity.mean())
    return {
        "purity": purity,
        "purity_null": null,
        "rank": float(reached.rank.mean()),
        "drive": float(reached.drive.mean()),
        "tv_ratio": float(prior.variations(flat).double().mean()),
        "nn_ratio": float(prior.neighbour_ratios(flat).double().mean()),
        "agreement": float(agreement(found.images, prior.mean).mean()),
    }


@torch.no_grad()
def baselines(model: SupportsFeatures, wanted: Targets, z: Tensor, images: Tensor) -> Mapping[str, float]:
    """Purity of each latent's purest image and of the mean of its top 16, images (n, h, w)."""
    best = torch.zeros(len(wanted.columns), dtype=torch.float64, device=z.device)
    for rows in z.split(_ROWS):
        masses = wanted.masses(rows).double()
        shares = masses[:, wanted.columns] / masses.sum(1, keepdim=True).clamp(min=1e-30)
        best = best.maximum(shares.amax(dim=0))
    top = TopImages(TOP_MEAN, len(z), z.device)
    top.update(z[:, wanted.columns])
    firing = top.positive()[..., None, None].to(images)
    means = (images[top.images()] * firing).sum(0) / firing.sum(0)
    mean = read(model, wanted, means, torch.arange(len(wanted.columns), device=z.device))
    return {
        "purity_best_real": float(best.mean()),
        "purity_top_mean": float(mean.purity.mean()),
    }


@torch.no_grad()
def read(model: SupportsFeatures, wanted: Targets, images: Tensor, target: Tensor) -> Reading:
    """For images (b, h, w), image i for the latent wanted.columns[target[i]]."""
    parts = []
    for x, t in zip(images.split(_ROWS), target.split(_ROWS), strict=True):
        z = model.encode(model.hidden(x))[1]
        masses = wanted.masses(z).double()
        column = wanted.columns[t][:, None]
        own = masses.gather(1, column)
        parts.append(
            torch.stack(
                [
                    own[:, 0] / masses.sum(1).clamp(min=1e-30),
                    1 + (masses > own).sum(1).double(),
                    z.gather(1, column)[:, 0].double() / wanted.q99[t],
                ]
            )
        )
    return Reading(*torch.cat(parts, dim=1))


def agreement(images: Tensor, mean: Tensor) -> Tensor:
    """Mean cosine over all pairs of restarts of images (l, r, h, w) less mean (h * w,): (l,) float64."""
    unit = F.normalize((images.flatten(2) - mean).double(), dim=2)
    restarts = images.shape[1]
    gram = unit @ unit.mT
    off_diagonal = gram.sum((1, 2)) - gram.diagonal(dim1=1, dim2=2).sum(1)
    return off_diagonal / (restarts * (restarts - 1))


def _nothing(
    prior: ImagePrior, shape: tuple[int, int], settings: InversionConfig, seed: int, *, f: int
) -> dict[str, float]:
    noise = FourierImages(1, settings.restarts, shape, torch.Generator().manual_seed(seed))
    images = noise.images()[0].to(prior.mean)
    return {
        **dict.fromkeys(("purity", "purity_null", "purity_best_real", "purity_top_mean"), 0.0),
        **dict.fromkeys(("drive", "agreement"), 0.0),
        "rank": float(f),
        "tv_ratio": float(prior.variations(images).double().mean()),
        "nn_ratio": float(prior.neighbour_ratios(images).double().mean()),
    }
