"""Principal components of the hidden activations, with and without unit variance."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.bases.affine import AffineBasis, principal_components

# A direction with less than this share of the largest variance is scaled as if it had that share.
VARIANCE_FLOOR = 1e-6


class Pca(AffineBasis):
    """M = E, the leading directions: distances inside their span are kept."""

    def fit_maps(self, h: Tensor, mean: Tensor, covariance: Tensor, seed: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """E (d, r) and its transpose."""
        variances, directions = principal_components(covariance)
        directions = directions[:, : self.kept(variances)]
        return directions, directions.T

    def kept(self, variances: Tensor) -> int:  # noqa: ARG002
        """How many components, of falling variances (d,), are outputs."""
        return self.rank


class WhitenedPca(AffineBasis):
    """M = E diag(v)^-1/2: on train every output has mean 0, variance 1 and no correlation.

    Hidden units that never fire leave directions without variance. Their variance is taken as
    `VARIANCE_FLOOR` times the largest (as 1 if there is none at all), so such an output is (almost)
    constantly 0 on train instead of noise blown up to unit variance, and nothing is ever divided by 0.
    """

    def fit_maps(self, h: Tensor, mean: Tensor, covariance: Tensor, seed: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """E diag(v)^-1/2 (d, r) and diag(v)^1/2 E^T (r, d)."""
        variances, directions = principal_components(covariance)
        kept = self.kept(variances)
        scales, directions = floored_scales(variances)[:kept], directions[:, :kept]
        return directions / scales, (directions * scales).T

    def kept(self, variances: Tensor) -> int:  # noqa: ARG002
        """How many components, of falling variances (d,), are outputs."""
        return self.rank


def floored_scales(variances: Tensor) -> Tensor:
    """Standard deviations (d,) of falling variances (d,), floored as told in `WhitenedPca`."""
    largest = variances[:1]
    floor = torch.where(largest > 0, largest * VARIANCE_FLOOR, torch.ones_like(largest))
    return variances.maximum(floor).sqrt()
