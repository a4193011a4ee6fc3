"""Independent components: the whitened principal components, turned by FastICA.

Hyvarinen & Oja 2000, "Independent component analysis: algorithms and applications"; the rotation comes
from scikit-learn's FastICA (parallel, logcosh). Doing the whitening here lets the directions without variance
(hidden units that never fire) be left out of the rotation; FastICA's own whitening divides by their zeros.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from trainables.bases.affine import AffineBasis, principal_components
from trainables.bases.pca import VARIANCE_FLOOR, floored_scales
from trainables.settings.basis import BasisConfig

# The rotation is estimated on at most this many rows: its cost grows with them, its quality hardly.
MAX_ROWS = 10_000
MAX_ITERATIONS = 200
TOLERANCE = 1e-4


class Ica(AffineBasis):
    """M = E diag(v)^-1/2 R with a rotation R, so M+ = R^T diag(v)^1/2 E^T.

    `converged` is 0 where FastICA ran out of iterations: the basis is then still whitening times a rotation,
    hence valid, only its directions are less independent than they could be.
    """

    converged: Tensor

    def __init__(self, config: BasisConfig, hidden_size: int) -> None:
        super().__init__(config, hidden_size)
        self.register_buffer("converged", torch.zeros((), dtype=torch.uint8))

    def fit_maps(self, h: Tensor, mean: Tensor, covariance: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """M (d, r) and M+ (r, d)."""
        variances, directions = principal_components(covariance)
        live = int((variances[: self.rank] > VARIANCE_FLOOR * variances[0]).sum())
        scales, directions = floored_scales(variances)[: self.rank], directions[:, : self.rank]
        whitening = directions / scales
        rotation = torch.eye(self.rank, dtype=torch.float64, device=h.device)
        if live > 1:
            rows = torch.randperm(len(h), generator=torch.Generator().manual_seed(seed))[:MAX_ROWS].to(
                h.device
            )
            whitened = (h[rows].double() - mean) @ whitening[:, :live]
            unmixing, converged = _rotation(whitened.cpu().numpy(), seed)
            rotation[:live, :live] = torch.from_numpy(unmixing.T.copy()).to(h.device)
            self.converged.fill_(converged)
        return whitening @ rotation, rotation.T @ (directions * scales).T


def _rotation(whitened: np.ndarray, seed: int) -> tuple[np.ndarray, bool]:
    """FastICA's orthogonal unmixing (r, r) of whitened data (n, r), and whether it converged."""
    ica = FastICA(whiten=False, max_iter=MAX_ITERATIONS, tol=TOLERANCE, random_state=seed % 2**32)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        ica.fit(whitened)
    converged = not any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    return ica.components_, converged
