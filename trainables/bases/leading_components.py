"""Leading principal components of rows of any width, in memory linear in the width.

Narrow rows have their covariance decomposed. For wide ones, images of many pixels, it would be (d, d), 20 GB
at 224 x 224. Block subspace iteration multiplies with it without forming it (Halko, Martinsson & Tropp 2011,
arXiv 0909.4061, algorithm 4.4):

    Q <- orthonormal basis of C Q,   C Q = X^T (X Q) / n,   X (n, d) centred, Q (d, k + 10)

until the variances found stand still; then the k directions of largest variance within Q.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.bases.affine import largest_entry_positive, mean_and_covariance, principal_components

NARROW = 4096
"""Columns up to which the covariance is formed: 128 MB, images of 64 x 64."""
OVERSAMPLING = 10
MAX_ITERATIONS = 100
STANDS_STILL = 1e-7
"""Largest change of a variance from one iteration to the next, as a share of the largest."""
CHUNK_BYTES = 32 * 2**20


def leading_components(x: Tensor, components: int, narrow: int = NARROW) -> tuple[Tensor, Tensor]:
    """Mean (d,) of rows x (n, d) and their first directions (d, at most `components`), in float64.

    Equal rows give equal directions: the start is drawn with a fixed seed, signs are as in
    `principal_components`.
    """
    if x.shape[1] <= narrow:
        mean, covariance = mean_and_covariance(x)
        return mean, principal_components(covariance)[1][:, :components]
    mean = torch.stack([rows.double().sum(0) for rows in _chunks(x)]).sum(0) / len(x)
    kept = min(components, x.shape[1])
    drawn = torch.randn(x.shape[1], kept + OVERSAMPLING, dtype=torch.float64, generator=_generator())
    q = torch.linalg.qr(drawn.to(x.device)).Q
    before = torch.zeros(kept, dtype=torch.float64, device=x.device)
    for _ in range(MAX_ITERATIONS):
        q, triangle = torch.linalg.qr(_covariance_times(x, mean, q))
        variances = torch.linalg.svdvals(triangle)[:kept]
        if (variances - before).abs().max() <= STANDS_STILL * variances[0]:
            break
        before = variances
    within = q.T @ _covariance_times(x, mean, q)
    rotation = torch.linalg.eigh((within + within.T) / 2).eigenvectors.flip(1)
    return mean, largest_entry_positive(q @ rotation[:, :kept])


def _covariance_times(x: Tensor, mean: Tensor, q: Tensor) -> Tensor:
    product = torch.zeros_like(q)
    for rows in _chunks(x):
        centred = rows.double() - mean
        product += centred.T @ (centred @ q)
    return product / len(x)


def _chunks(x: Tensor) -> tuple[Tensor, ...]:
    return x.split(max(1, CHUNK_BYTES // (8 * x.shape[1])))


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)
