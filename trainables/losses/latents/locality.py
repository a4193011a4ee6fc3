"""Latents that read from one place of the image: a soft pull, where the hidden units have places."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.losses.latents.latent_batch import LatentBatch

NOTHING = 1e-12


def locality(batch: LatentBatch) -> Tensor:
    """`spread` of what the batch's latents read; ValueError where hidden units have no places."""
    if batch.unit_places is None:
        raise ValueError("locality needs hidden units with a place in the image: classifier kinds parts, bag")
    return spread(batch.encoder, batch.unit_places)


def spread(encoder: Tensor, unit_places: Tensor) -> Tensor:
    """mean_j sum_p s_pj |y_p - c_j|^2 with s_pj = e_pj^2 / sum_p e_pj^2 and c_j = sum_p s_pj y_p, >= 0.

    encoder e (r, f), unit_places y (r, 2) in shares of a side. The mean squared distance of a latent's
    weights from their middle: 1/6 for weights spread evenly over the image, 0 for a single place.
    """
    shares = encoder.square()
    shares = shares / shares.sum(dim=0, keepdim=True).clamp(min=NOTHING)
    places = unit_places.to(shares)
    middles = shares.T @ places
    second = shares.T @ places.square()
    return torch.mean((second - middles.square()).sum(dim=1))
