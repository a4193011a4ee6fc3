"""Without its part a latent is silent; without a blob of as much ink it fires on."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.losses.latents.latent_batch import LatentBatch

PART_WEIGHT = 2.0


def erasing(batch: LatentBatch) -> Tensor:
    """mean_x ( 2 [u_j(x - P) - min(.3 u, .8 theta)]+ + (1 - o) [max(.7 u, 1.2 theta) - u_j(x - B)]+ )
    / max(u, theta), >= 0.

    u = u_j(x), constant; x - P the image with the latent's part black, x - B with a random blob black that
    holds as much ink, o the share of P's ink that is in B. The counterpart of `moves` without a host: it asks
    that the part is needed, not that it is enough.
    """
    without_part, without_blob = (batch.of_chosen(batch.on(~piece)) for piece in (batch.part, batch.blob))
    u, theta = batch.own, batch.threshold
    undue = (without_part - torch.minimum(0.3 * u, 0.8 * theta)).relu()
    missing = (torch.maximum(0.7 * u, 1.2 * theta) - without_blob).relu()
    return ((PART_WEIGHT * undue + (1 - batch.overlap) * missing) / torch.maximum(u, theta)).mean()
