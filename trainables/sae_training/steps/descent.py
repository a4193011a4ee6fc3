"""From the four gradients to the next weights, without autograd: clipping, Adam, unit decoder rows."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trainables.sae_training.kernels import team
from trainables.sae_training.kernels.descent import Walk, adam, adam_by_latent, project_and_square
from trainables.sae_training.steps.step import MAX_GRADIENT_NORM
from trainables.saes.sparse_autoencoder import SparseAutoencoder


class AdamStep:
    """Buffers for the gradients of one SAE's weights, and the step along them.

    The moments are those in the state of torch's Adam, where resampling and a plain step find them.
    Encoder and its gradient are (f, r) here, the order they have in memory.
    """

    def __init__(self, sae: SparseAutoencoder, optimiser: torch.optim.Optimizer) -> None:
        self.optimiser = optimiser
        self._parameters = (sae.decoder, sae.encoder, sae.encoder_bias, sae.decoder_bias)
        width, size = sae.decoder.shape
        self.decoder, self.encoder = sae.decoder.detach(), sae.encoder.detach().T
        self.encoder_bias, self.decoder_bias = sae.encoder_bias.detach(), sae.decoder_bias.detach()
        self.to_decoder, self.to_encoder = torch.zeros_like(self.decoder), torch.zeros_like(self.encoder)
        self.to_encoder_bias = torch.zeros_like(self.encoder_bias)
        self.to_decoder_bias = torch.zeros_like(self.decoder_bias)
        self._squares = torch.zeros(width, dtype=self.decoder.dtype)
        self._width, self._work = width, 2 * width * size
        for parameter in self._parameters:
            if parameter not in optimiser.state:
                optimiser.state[parameter] = {
                    "step": torch.zeros((), dtype=torch.float32),
                    "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                    "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                }
        # Resampling and a plain step write into the same memory, so these arrays last the whole training.
        moments = [
            (state["exp_avg"], state["exp_avg_sq"])
            for state in (optimiser.state[parameter] for parameter in self._parameters)
        ]
        self._by_latent = (
            _walk(self.decoder, self.to_decoder, *moments[0]),
            _walk(self.encoder, self.to_encoder, *(moment.T for moment in moments[1])),
            _walk(self.encoder_bias, self.to_encoder_bias, *moments[2]),
        )
        self._rest = _walk(self.decoder_bias, self.to_decoder_bias, *moments[3])

    def add_encoder_path(self) -> None:
        """What reaches the decoder's bias through u = (x - b_dec) W_enc + b_enc."""
        torch.addmv(
            self.to_decoder_bias, self.encoder.T, self.to_encoder_bias, alpha=-1, out=self.to_decoder_bias
        )

    def project(self) -> None:
        """Take from the decoder's gradient what would only change the rows' length."""
        arrays = self.decoder, self.to_decoder, self.to_encoder, self._squares
        team.run(project_and_square, self._width, self._work, *(array.numpy() for array in arrays))

    def descend(self, rate: float) -> None:
        """Clip the projected gradients at norm 1 and take Adam's step with them."""
        steps = [self.optimiser.state[parameter]["step"] for parameter in self._parameters]
        torch._foreach_add_(steps, 1)
        group, step = self.optimiser.param_groups[0], float(steps[0])
        betas = group["betas"]
        clip = min(1.0, MAX_GRADIENT_NORM / (self._norm() + 1e-6))
        factors = (clip, rate / (1 - betas[0] ** step), 1 / math.sqrt(1 - betas[1] ** step))
        team.run(adam_by_latent, self._width, self._work, *self._by_latent, betas, factors, group["eps"])
        adam(*self._rest, betas, factors, group["eps"])

    def _norm(self) -> float:
        """Of all gradients together, the decoder's and the encoder's as `project` left them."""
        biases = (self.to_encoder_bias, self.to_decoder_bias)
        square = float(self._squares.sum()) + sum(float(bias @ bias) for bias in biases)
        return math.sqrt(square) if math.isfinite(square) else square


def _walk(weights: Tensor, gradient: Tensor, means: Tensor, squares: Tensor) -> Walk:
    return weights.numpy(), gradient.numpy(), means.numpy(), squares.numpy()
