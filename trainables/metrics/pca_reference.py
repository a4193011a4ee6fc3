"""What principal components leave unexplained with as many numbers per image as the SAE has codes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trainables.bases.affine import mean_and_covariance, principal_components


def pca_fvu(train_h: Tensor, val_h: Tensor) -> Tensor:
    """sae/fvu of PCA with k = 0..d components, fitted on train_h (n, d), on val_h (v, d): (d + 1,) float64.

    The residual after k components loses one squared projection after the other,
        FVU_k = (sum |h - mean_train|^2 - sum_{i <= k} p_i^2) / sum |h - mean_val|^2,
    so all k cost one projection. FVU_0 is a little above 1, since the mean predicted is that of train.
    Constant activations leave nothing to explain: 1 throughout, as in `sae_statistics.fvu`.
    """
    mean, covariance = mean_and_covariance(train_h)
    directions = principal_components(covariance)[1]
    target = val_h.double()
    total = (target - target.mean(dim=0)).square().sum()
    if float(total) == 0.0:
        return torch.ones(train_h.shape[1] + 1, dtype=torch.float64)
    centred = target - mean
    explained = (centred @ directions).square().sum(dim=0).cumsum(dim=0)
    residual = centred.square().sum() - torch.cat([explained.new_zeros(1), explained])
    return (residual.clamp(min=0) / total).cpu()


def at_components(curve: Tensor, components: float) -> float:
    """The curve (d + 1,) at a mean number of components, linear between whole ones; its end beyond d."""
    components = min(max(components, 0.0), float(len(curve) - 1))
    below = math.floor(components)
    above = min(below + 1, len(curve) - 1)
    share = components - below
    return float((1 - share) * curve[below] + share * curve[above])
