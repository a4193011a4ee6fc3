"""Whitening that changes the hidden units as little as whitening can."""

from __future__ import annotations

from torch import Tensor

from trainables.bases.affine import AffineBasis, principal_components
from trainables.bases.pca import floored_scales


class Zca(AffineBasis):
    """M = E diag(v)^-1/2 E^T (d, d), M+ = E diag(v)^1/2 E^T.

    Of all M whose outputs are white on train it has the least E|y - (h - mean)|^2, so that output j is still
    about hidden unit j (Bell & Sejnowski 1997, "The independent components of natural scenes are edge
    filters"; Kessy et al. 2018, "Optimal whitening and decorrelation"). Variances are floored as in
    `WhitenedPca`: a unit that never fires stays at 0.
    """

    def fit_maps(self, h: Tensor, mean: Tensor, covariance: Tensor, seed: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """M and M+, both (d, d) and symmetric."""
        variances, directions = principal_components(covariance)
        scales = floored_scales(variances)
        return (directions / scales) @ directions.T, (directions * scales) @ directions.T
