"""Directions of the hidden layer that nobody trained an SAE for: what a latent must beat to mean anything.

gaussian  4096 Gaussian directions with the covariance of the activations
images    1024 single train images, as directions from the mean
pca       the leading principal components and their negatives
neurons   the hidden units themselves
All are read off the centred activations: p = (h - mean) D^T. The null of a metric is the strongest family's
mean, because isotropic directions are weaker than these: a purity of .61 on MNIST, where Gaussian ones with
the data's covariance have .73 and single images .84.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.bases.affine import mean_and_covariance, principal_components
from trainables.metrics.inputs import ReferenceInputs

GAUSSIAN = 4096
IMAGES = 1024
MOST_COMPONENTS = 64
# Components with less than this share of the leading one's variance are noise of the arithmetic.
_VARIANCE = 1e-6


def direction_families(h: Tensor, seed: int) -> dict[str, Tensor]:
    """Unit rows (c, d) of every family of `families.MEANINGS`, none of them empty, from train activations h
    (n, d)."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randperm(len(h), generator=generator)[:IMAGES].to(h.device)
    variances, components = principal_components(mean_and_covariance(h)[1])
    mixtures = torch.randn(GAUSSIAN, components.shape[1], generator=generator).to(h)
    spread = (components * variances.clamp(min=0).sqrt()).T.to(h)
    kept = max(1, int((variances[:MOST_COMPONENTS] > _VARIANCE * variances[0]).sum()))
    leading = components[:, :kept].T.to(h)
    return {
        "gaussian": F.normalize(mixtures @ spread, dim=1),
        "images": F.normalize(h[drawn] - h.mean(dim=0), dim=1),
        "pca": torch.cat([leading, -leading]),
        "neurons": torch.eye(h.shape[1], dtype=h.dtype, device=h.device),
    }


def families_of(inputs: ReferenceInputs) -> dict[str, Tensor]:
    """`direction_families` of the train activations."""
    return direction_families(inputs.activations.train_h, inputs.seed)
