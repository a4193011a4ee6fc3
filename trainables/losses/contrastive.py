"""Views of one image near each other, and images of one class."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.losses.digit_views import digit_view
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.seeded_layers import linear

PROJECTION_SIZE = 64


class Contrastive(nn.Module):
    """share * SupCon + (1 - share) * SimCLR over two augmented views of the batch; a scalar >= 0.

    With unit vectors r_i of the 2b views, temperature tau and the positives P(i) of view i,
        L = mean_i -1/|P(i)| sum_{p in P(i)} log( exp(r_i . r_p / tau) / sum_{a != i} exp(r_i . r_a / tau) ).
    SupCon (Khosla et al. 2020, arXiv 2004.11362): P(i) = all other views of i's class. SimCLR (Chen et al.
    2020, arXiv 2002.05709): P(i) = the other view of i's image. SupCon alone draws a class to one
    point and with it what tells its members apart; the mixture keeps images distinct. r: the hidden
    activations, or a projection of them by a ReLU layer and 64 linear units that is trained along.
    """

    def __init__(self, setup: LossSetup) -> None:
        super().__init__()
        self.share = setup.auxiliary.contrastive_supcon_share
        self.temperature = setup.auxiliary.contrastive_temperature
        self.projection: nn.Module = nn.Identity()
        if setup.auxiliary.contrastive_on == "projection":
            size = setup.hidden_size
            self.projection = nn.Sequential(
                linear(size, size, setup.generator),
                nn.ReLU(),
                linear(size, PROJECTION_SIZE, setup.generator),
            )

    def forward(self, batch: TrainingBatch) -> torch.Tensor:
        """Scalar of one batch."""
        views = torch.cat([digit_view(batch.images, batch.mask, batch.generator) for _ in range(2)])
        # Float32 also under autocast: bf16 cosines over a temperature of 0.1 are a tenth off.
        projected = self.projection(batch.network.hidden(views)).to(views.dtype)
        labels, images = (
            ids.repeat(2) for ids in (batch.labels, torch.arange(len(batch.rows)).to(batch.rows))
        )
        similarity = cosines(projected) / self.temperature
        loss = similarity.new_zeros(())
        if self.share > 0:
            loss = loss + self.share * contrast(similarity, labels)
        if self.share < 1:
            loss = loss + (1 - self.share) * contrast(similarity, images)
        return loss


def cosines(vectors: torch.Tensor) -> torch.Tensor:
    """Cosines (n, n) of vectors (n, d); a vector of 0 has cosine 0 with all."""
    unit = functional.normalize(vectors, dim=1, eps=1e-6)
    return unit @ unit.t()


def contrast(similarity: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """The formula's mean over views i, given r_i . r_a / tau (n, n); P(i) = the others of i's group (n,).

    Every group has at least two members.
    """
    itself = torch.eye(len(groups), dtype=torch.bool, device=groups.device)
    log_share = similarity - similarity.masked_fill(itself, -torch.inf).logsumexp(dim=1, keepdim=True)
    positive = (groups[:, None] == groups) & ~itself
    return -((log_share * positive).sum(dim=1) / positive.sum(dim=1)).mean()
