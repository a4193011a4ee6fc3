"""A latent's part brings it along into another image; a blob with as much ink does not."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.losses.latents.latent_batch import LatentBatch

BLOB_WEIGHT = 2.0


def moves(batch: LatentBatch) -> Tensor:
    """mean_x ( [max(.7 u, 1.2 theta) - u_j(P in x')]+ + 2 (1 - o) [u_j(B in x') - min(.3 u, .8 theta)]+ )
    / max(u, theta), >= 0.

    u = u_j(x), constant; P in x': the image on the latent's part, the host x' of another class elsewhere;
    B a random blob with as much ink as P, o the share of P's ink that is in it. Much of it harms: weights of
    1 and more make latents of small strokes that every class has (docs/methods.md).
    """
    brought, by_blob = (batch.of_chosen(batch.on(piece, batch.hosts)) for piece in (batch.part, batch.blob))
    u, theta = batch.own, batch.threshold
    missing = (torch.maximum(0.7 * u, 1.2 * theta) - brought).relu()
    undue = (by_blob - torch.minimum(0.3 * u, 0.8 * theta)).relu()
    return ((missing + BLOB_WEIGHT * (1 - batch.overlap) * undue) / torch.maximum(u, theta)).mean()
