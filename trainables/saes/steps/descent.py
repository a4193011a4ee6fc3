"""From the four gradients to the next weights, without autograd: clipping, Adam, unit decoder rows."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from trainables.saes.kernels import team
from trainables.saes.kernels.descent import adam, project_rows, square_rows, unit_rows
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.saes.steps.step import MAX_GRADIENT_NORM


class Descent:
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
        self._squares = torch.zeros(2, width, dtype=self.decoder.dtype)
        self._width, self._work = width, width * size
        for parameter in self._parameters:
            if parameter not in optimiser.state:
                optimiser.state[parameter] = {
                    "step": torch.zeros((), dtype=torch.float32),
                    "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                    "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                }

    def add_encoder_path(self) -> None:
        """What reaches the decoder's bias through u = (x - b_dec) W_enc + b_enc."""
        torch.addmv(
            self.to_decoder_bias, self.encoder.T, self.to_encoder_bias, alpha=-1, out=self.to_decoder_bias
        )

    def project(self) -> None:
        """Take from the decoder's gradient what would only change the rows' length."""
        team.run(project_rows, self._width, self._work, self.decoder.numpy(), self.to_decoder.numpy())

    def descend(self, rate: float) -> None:
        """Clip the projected gradients at norm 1 and take Adam's step with them."""
        clip = min(1.0, MAX_GRADIENT_NORM / (self._norm() + 1e-6))
        decoder, encoder, encoder_bias, decoder_bias = self._parameters
        self._adam(decoder, self.decoder, self.to_decoder, rate, clip)
        self._adam(encoder, self.encoder, self.to_encoder, rate, clip)
        self._adam(encoder_bias, self.encoder_bias, self.to_encoder_bias, rate, clip)
        self._adam(decoder_bias, self.decoder_bias, self.to_decoder_bias, rate, clip)
        team.run(unit_rows, self._width, self._work, self.decoder.numpy())

    def _norm(self) -> float:
        """Of all gradients together."""
        for gradient, squares in zip((self.to_decoder, self.to_encoder), self._squares, strict=True):
            team.run(square_rows, self._width, self._work, gradient.numpy(), squares.numpy())
        biases = (self.to_encoder_bias, self.to_decoder_bias)
        square = float(self._squares.sum()) + sum(float(bias @ bias) for bias in biases)
        return math.sqrt(square) if math.isfinite(square) else square

    def _adam(self, parameter: Tensor, weights: Tensor, gradient: Tensor, rate: float, clip: float) -> None:
        state, group = self.optimiser.state[parameter], self.optimiser.param_groups[0]
        state["step"] += 1
        step, betas = float(state["step"]), group["betas"]
        factors = (clip, rate / (1 - betas[0] ** step), 1 / math.sqrt(1 - betas[1] ** step))
        flat = [_flat(tensor) for tensor in (weights, gradient, state["exp_avg"], state["exp_avg_sq"])]
        team.run(adam, len(flat[0]), len(flat[0]), *flat, betas, factors, group["eps"])


def _flat(tensor: Tensor) -> np.ndarray:
    """All its entries (n,) in the order of memory, whatever its strides say."""
    return tensor.as_strided((tensor.numel(),), (1,)).numpy()
