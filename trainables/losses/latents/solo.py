"""A latent's part alone fires it, and little else."""

from __future__ import annotations

from torch import Tensor

from trainables.losses.latents.latent_batch import LatentBatch

KEPT = 0.8
# Of the others' firing: its weight, and the most that an image counts.
OTHERS, MOST_OTHERS = 0.3, 8.0


def solo(batch: LatentBatch) -> Tensor:
    """mean_x ( [.8 u - u_j(x_P)]+ / u + .3 min(8, sum_{i != j} [u_i(x_P) - .8 theta]+ / u) ), >= 0.

    u = u_j(x) of the chosen latent, a constant; x_P the image on its part (half of the ink, where it looks),
    black elsewhere; theta the threshold. The first term asks that the part is enough, the second that the
    part says this latent and not a crowd.
    """
    u = batch.read(batch.on(batch.part))
    own = u.gather(1, batch.chosen[:, None]).squeeze(1)
    missing = (KEPT * batch.own - own).relu()
    over = (u - KEPT * batch.threshold).relu().scatter(1, batch.chosen[:, None], 0.0).sum(dim=1)
    return (missing / batch.own + OTHERS * (over / batch.own).clamp(max=MOST_OTHERS)).mean()
