"""Directions of the hidden layer that nobody trained an SAE for: what a latent must beat to mean anything.

    random   512 random unit vectors: the null
    pca      the leading principal components and their negatives (references)
    neurons  the hidden units themselves
All are read off the centred activations: p = (h - mean) D^T.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.bases.affine import mean_and_covariance, principal_components
from trainables.metrics.inputs import ReferenceInputs

RANDOM = 512
MOST_COMPONENTS = 64
# Components with less than this share of the leading one's variance are noise of the arithmetic.
_VARIANCE = 1e-6

FAMILIES = ("random", "pca", "neurons")


def direction_families(h: Tensor, seed: int) -> dict[str, Tensor]:
    """Unit rows (c, d) of every family of FAMILIES for train activations h (n, d); never an empty one."""
    generator = torch.Generator().manual_seed(seed)
    random = F.normalize(torch.randn(RANDOM, h.shape[1], generator=generator), dim=1).to(h)
    variances, components = principal_components(mean_and_covariance(h)[1])
    kept = max(1, int((variances[:MOST_COMPONENTS] > _VARIANCE * variances[0]).sum()))
    leading = components[:, :kept].T.to(h)
    return {
        "random": random,
        "pca": torch.cat([leading, -leading]),
        "neurons": torch.eye(h.shape[1], dtype=h.dtype, device=h.device),
    }


def families_of(inputs: ReferenceInputs) -> dict[str, Tensor]:
    """`direction_families` of the train activations."""
    return direction_families(inputs.activations.train_h, inputs.seed)
