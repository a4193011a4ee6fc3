"""ReLU codes whose L1 weight is steered to a target number of active latents.

A weight means another sparsity in every basis and at every width; a target means the same everywhere. The
idea is Nabeshima's for Matryoshka SAEs (2024), who multiplies the weight by 1 +- 3e-4 a step. Trainings
here have a few hundred steps, so this controller is faster, in proportion to the error, and begins at the
target: from an L0 of f / 2 the weight would overshoot before the biases have come down (digits, width 256,
target 8, after 60 epochs: FVU 0.26 and 46 % dead from f / 2, 0.13 and 2 % from the target).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trainables.saes.sparse_autoencoder import Forward, SparseAutoencoder
from trainables.saes.stacking import total
from trainables.saes.start import cut_for_l0
from trainables.settings import sae as settings

# Change of log(l1) in a step at an L0 of e times the target or more.
GAIN = 0.05
SMALLEST, LARGEST = 1e-4, 1e4
# The share of the target by which a batch's L0 acts at once is kept between 1 / LIMIT and LIMIT.
LIMIT = 8.0


class ReluTargetSae(SparseAutoencoder):
    """z = relu(u); with q = L0 / target, L0 = mean_b sum_f 1[z > 0], the loss adds

        clip(q, 1 / LIMIT, LIMIT) l1_t * mean_b sum_f z,     l1_0 = 1,

    and after each step log l1_{t+1} = log l1_t + GAIN * clip(log q, -1, 1): the first factor damps what
    the second integrates. Encoder biases start where L0 is the target.
    """

    HYPERPARAMETERS = ("target_l0",)

    l1: Tensor

    def __init__(self, config: settings.ReluTargetSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.target_l0 = config.target_l0
        self.register_buffer("l1", torch.ones(()))

    def fit_start(self, x: Tensor) -> None:
        """The common bias with which the target's number of u of x (n, r) are positive."""
        self.encoder_bias.copy_(-cut_for_l0(self.encode_scaled(x)[0], self.target_l0))

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) = relu(u)."""
        return u.relu()

    def penalty(self, forward: Forward) -> Tensor | None:
        """clip(q, 1 / LIMIT, LIMIT) l1_t * mean_b sum_f z."""
        return self.weight(_l0(forward)) * total(forward.z) / forward.z.shape[-2]

    def weight(self, l0: Tensor) -> Tensor:
        """Of mean_b sum_f z in the loss: clip(q, 1 / LIMIT, LIMIT) l1_t, a scalar."""
        return self.l1 * (l0 / self.target_l0).clamp(1 / LIMIT, LIMIT)

    def end_step(self, forward: Forward) -> None:
        """Move the weight towards the target."""
        self.follow(_l0(forward))

    @torch.no_grad()
    def follow(self, l0: Tensor) -> None:
        """The next step's weight after a step with a mean of `l0` codes."""
        error = (l0 / self.target_l0).log().clamp(-1.0, 1.0)
        logarithm = (self.l1.log() + GAIN * error).clamp(math.log(SMALLEST), math.log(LARGEST))
        self.l1.copy_(logarithm.exp())


def _l0(forward: Forward) -> Tensor:
    """mean_b sum_f 1[z > 0], a scalar without gradient."""
    return total(forward.z > 0) / forward.z.shape[-2]
