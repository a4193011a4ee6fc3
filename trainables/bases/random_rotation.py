"""A random rotation of the hidden activations: what any orthogonal change of basis does by itself."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.bases.affine import AffineBasis


class RandomRotation(AffineBasis):
    """M = Q, orthogonal (d, d) and uniform over the orthogonal group; M+ = Q^T.

    Q is the QR factor of a Gaussian matrix, with the signs that make R's diagonal positive: without these it
    is not uniform (Mezzadri 2007, "How to generate random matrices from the classical compact groups").
    Q follows from d and the seed alone, whatever the activations and the device.
    """

    def fit_maps(self, h: Tensor, mean: Tensor, covariance: Tensor, seed: int) -> tuple[Tensor, Tensor]:  # noqa: ARG002
        """The rotation Q (d, d) and its inverse Q^T."""
        generator = torch.Generator().manual_seed(seed)
        gaussian = torch.randn(h.shape[1], h.shape[1], generator=generator, dtype=torch.float64)
        rotation, triangle = torch.linalg.qr(gaussian)
        rotation = rotation * torch.where(triangle.diagonal() < 0, -1.0, 1.0)
        return rotation.to(h.device), rotation.T.to(h.device)
