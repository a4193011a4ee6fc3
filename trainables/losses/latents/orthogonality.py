"""Decoder rows that do not point alike."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import normalize

from trainables.losses.latents.latent_batch import LatentBatch


def decoder_orthogonality(batch: LatentBatch) -> Tensor:
    """`row_likeness` of the batch's dictionary."""
    return row_likeness(batch.decoder)


def row_likeness(decoder: Tensor) -> Tensor:
    """mean_j max_{i != j} cos(d_i, d_j)^2 of rows (f, r), in [0, 1]; 0 for a single row.

    The penalty of OrtSAE (Korznikov et al. 2025, arXiv 2509.22033) without its chunks, which small
    dictionaries do not need. f > r rows cannot all be orthogonal; the largest cosine alone is asked to fall.
    """
    rows = normalize(decoder, dim=1)
    cosines = (rows @ rows.T).fill_diagonal_(0)
    return cosines.square().amax(dim=1).mean()
