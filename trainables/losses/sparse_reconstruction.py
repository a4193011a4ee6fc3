"""An SAE that grows up with the classifier: hidden activations that a sparse code can say."""

from __future__ import annotations

import torch
from torch import nn

from trainables.losses.training_batch import LossSetup, TrainingBatch

# Keeps a batch of silent activations from being blown up to unit power.
LEAST_POWER = 1e-6


class SparseReconstruction(nn.Module):
    """mean_b(|x - x^|^2 + l1 sum_f z_f) / d, >= 0: what a ReLU SAE loses on h, by both their weights.

    x = h / sqrt(mean_b |h|^2 / d), z = relu((x - b_dec) W_enc + b_enc), x^ = z W_dec / |W_dec| + b_dec with
    unit rows of W_dec. h (b, d), W_enc (d, f), W_dec (f, d). The first term is the batch's squared error
    per unit of power, so that neither it nor the L1 norm can be lowered by making all activations small.
    The sparsity of a code that is optimised with the network: end-to-end SAEs turned around (Braun et al.
    2024, arXiv 2405.12241, train the SAE alone). The SAE itself is thrown away after training.
    """

    def __init__(self, setup: LossSetup) -> None:
        super().__init__()
        width, size = setup.auxiliary.sparse_reconstruction_width, setup.hidden_size
        self.l1 = setup.auxiliary.sparse_reconstruction_l1
        rows = torch.randn(width, size, generator=setup.generator)
        rows = rows / rows.norm(dim=1, keepdim=True)
        self.decoder = nn.Parameter(rows)
        # A random unit-row code gives back about width / 2d times its input: begin with the right length.
        self.encoder = nn.Parameter(rows.T.clone() * min(1.0, 2 * size / width))
        self.encoder_bias = nn.Parameter(torch.zeros(width))
        self.decoder_bias = nn.Parameter(torch.zeros(size))

    def forward(self, batch: TrainingBatch) -> torch.Tensor:
        """The loss on the batch's hidden activations."""
        h = batch.hidden
        size = h.shape[1]
        x = h / (h.square().sum(1).mean() / size).clamp(min=LEAST_POWER).sqrt()
        z = ((x - self.decoder_bias) @ self.encoder + self.encoder_bias).relu()
        decoder = self.decoder / self.decoder.norm(dim=1, keepdim=True).clamp(min=1e-12)
        residual = x - (z @ decoder + self.decoder_bias)
        loss: torch.Tensor = (residual.square().sum(1) + self.l1 * z.sum(1)).mean() / size
        return loss
