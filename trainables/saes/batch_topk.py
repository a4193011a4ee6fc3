"""The largest codes of a whole batch, so that a difficult sample may use more of them than an easy one.

Bussmann et al. 2024, "BatchTopK Sparse Autoencoders" (arXiv 2412.06410).
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.saes.k_codes import KSae
from trainables.saes.sparse_autoencoder import Forward
from trainables.saes.stacking import largest_codes, least
from trainables.settings.sae import KSaeTrainingConfig

# Of the running threshold; the 0.999 of long trainings would still be at its start when these end.
THRESHOLD_DECAY = 0.99
CHUNK = 8192


class BatchTopKSae(KSae):
    """In training z = relu(u) on the b * k largest u of a batch of b, 0 elsewhere; afterwards
    z = u * 1[u > threshold], where no sample's codes depend on another's.

    During training the threshold follows the smallest code kept; `calibrate` then sets it so that
    train has k codes a sample on average.
    """

    threshold: Tensor

    def __init__(self, config: KSaeTrainingConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.register_buffer("threshold", torch.zeros(()))

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f); in training with at most b * k values above 0 in all."""
        if not self.training:
            return u.relu() * (u > self.threshold)
        size = u.shape[-2]
        fewer = None if self.fewer is None else self.fewer.squeeze(-1) * size
        return largest_codes(u.flatten(-2), self.current_k * size, fewer).view_as(u)

    @torch.no_grad()
    def end_step(self, forward: Forward) -> None:
        """The threshold follows the smallest code kept."""
        self.follow(least(torch.where(forward.z > 0, forward.z, torch.inf)))

    @torch.no_grad()
    def follow(self, smallest: Tensor) -> None:
        """Running mean of the smallest code kept, infinite where there is none; from its first value on,
        since 0 is far from it."""
        smallest = torch.where(smallest.isfinite(), smallest, self.threshold)
        decay = torch.where(self.threshold > 0, THRESHOLD_DECAY, 0.0)
        self.threshold.copy_(decay * self.threshold + (1 - decay) * smallest)

    @torch.no_grad()
    def calibrate(self, x: Tensor) -> None:
        """The threshold halfway between the n k-th and the next of all u of x (n, r); 0 where fewer are
        positive. Equal values at that place are all kept or all dropped."""
        wanted = len(x) * self.k
        largest = torch.zeros(wanted + 1, dtype=x.dtype, device=x.device)
        for rows in x.split(CHUNK):
            u = self.first_pass(rows)[0].flatten()
            candidates = torch.cat([largest, u[u > largest.min()]])
            largest = candidates.topk(wanted + 1, sorted=False).values
        last_two = largest.topk(2, largest=False).values
        self.threshold.copy_(last_two.mean())
