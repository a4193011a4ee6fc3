"""One path decides which latents are on, another how strongly.

Rajamanoharan et al. 2024, "Improving Dictionary Learning with Gated Sparse Autoencoders" (arXiv 2404.16014).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainables.saes.sparse_autoencoder import Forward, SparseAutoencoder
from trainables.saes.stacking import total
from trainables.settings import sae as settings


class GatedSae(SparseAutoencoder):
    """u = (x - b_dec) W_enc + b_enc is the gate's pre-activation, and

    z = 1[u > 0] relu(e^g ((x - b_dec) W_enc) + c),   with a log gain g and a bias c per latent.

    The L1 penalty l1 * mean_b sum_f relu(u) is on the gate alone, so it does not shrink z. As the gate has no
    gradient from z, it learns from its own reconstruction, through a decoder held constant:
    the loss adds mean_b |x - relu(u) W_dec' - b_dec'|^2, ' for constant.
    """

    SURROGATE_GRADIENTS = frozenset({"decoder", "decoder_bias"})
    HYPERPARAMETERS = ("l1",)

    def __init__(self, config: settings.GatedSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.l1 = config.l1
        self.log_gain = nn.Parameter(torch.zeros(config.width))
        self.magnitude_bias = nn.Parameter(torch.zeros(config.width))

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f); u - b_enc is what both paths share."""
        magnitude = self.log_gain.exp() * (u - self.encoder_bias) + self.magnitude_bias
        return magnitude.relu() * (u > 0)

    def reconstruction_loss(self, forward: Forward) -> Tensor:
        """mean_b |x - x^|^2 + mean_b |x - x^_gate|^2."""
        gate = forward.u.relu() @ self.decoder.detach()
        error = forward.x - gate.to(forward.x.dtype) - self.decoder_bias.detach()
        return super().reconstruction_loss(forward) + total(error.square()) / error.shape[-2]

    def penalty(self, forward: Forward) -> Tensor | None:
        """l1 * mean_b sum_f relu(u)."""
        return self.l1 * total(forward.u.relu()) / forward.u.shape[-2]

    def scale_codes(self, gain: Tensor) -> None:
        """Gate and magnitude alike."""
        super().scale_codes(gain)
        self.magnitude_bias.mul_(gain)

    @torch.no_grad()
    def restart(self, latents: Tensor, directions: Tensor) -> None:
        """Restart as all kinds do, with both paths alike."""
        super().restart(latents, directions)
        self.log_gain[latents] = 0.0
        self.magnitude_bias[latents] = 0.0
