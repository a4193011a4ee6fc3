"""Codes that solve for the best explanation instead of guessing it: dictionary learning, NMF, semi-NMF.

    z = argmin_{z >= 0} |x - b_dec - z W_dec|^2 + l1 sum_f z

by a fixed number of accelerated proximal steps (Beck and Teboulle 2009, FISTA) that begin at the encoder's
guess. They are unrolled: every gradient is exact, and the encoder learns to guess well (Gregor and LeCun
2010; Malezieux et al. 2022, arXiv 2106.06338). Batch after batch this is online dictionary learning (Mairal
et al. 2009) with Adam in place of its second-order update.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from trainables.saes.sparse_autoencoder import Forward, SparseAutoencoder
from trainables.saes.stacking import total
from trainables.settings import solved as settings

# Rounds of power iteration at the start and end of a training, and after a step.
THOROUGH, PASSING = 50, 2
# Power iteration finds the largest eigenvalue from below; a step that is too long would diverge.
MARGIN = 1.05


class SolvedSae(SparseAutoencoder):
    """The codes above; u is the last step's pre-activation, z = relu(u).

    With D = W_dec, L the largest eigenvalue of D D^T and y_t the point between steps,
    u_{t+1} = y_t + ((x - b_dec - y_t D) D^T - l1 / 2) / L,   z_{t+1} = relu(u_{t+1}).
    """

    OF_NO_LATENT = SparseAutoencoder.OF_NO_LATENT | {"axis"}

    step: Tensor
    axis: Tensor

    def __init__(self, config: settings.SolvedSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.l1 = config.l1
        self.iterations = config.iterations
        self.register_buffer("step", torch.ones(()))
        self.register_buffer("axis", torch.ones(input_size))

    def fit_start(self, x: Tensor) -> None:  # noqa: ARG002
        """The step's length, from the rows as they start."""
        self._fit_step(THOROUGH)

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) = relu(u)."""
        return u.relu()

    def first_pass(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, f), after all steps."""
        target = (x - self.decoder_bias) @ self.decoder.T - self.l1 / 2
        gram = self.decoder @ self.decoder.T
        u, z = super().first_pass(x)
        between, momentum = z, 1.0
        for _ in range(self.iterations):
            u = between + self.step * (target - between @ gram)
            last, z = z, u.relu()
            following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
            between = z + (momentum - 1) / following * (z - last)
            momentum = following
        return u, z

    def penalty(self, forward: Forward) -> Tensor | None:
        """l1 * mean_b sum_f z."""
        return self.l1 * total(forward.z) / forward.z.shape[-2]

    @torch.no_grad()
    def end_step(self, forward: Forward) -> None:  # noqa: ARG002
        """The step's length follows the rows."""
        self._fit_step(PASSING)

    @torch.no_grad()
    def calibrate(self, x: Tensor) -> None:  # noqa: ARG002
        """The step's length, once more."""
        self._fit_step(THOROUGH)

    def _fit_step(self, rounds: int) -> None:
        """1 / L by power iteration on D^T D, from the axis found before."""
        axis = self.axis
        for _ in range(rounds):
            axis = normalize(self.decoder.T @ (self.decoder @ axis), dim=0)
        self.axis.copy_(torch.where(axis.norm() > 0, axis, torch.ones_like(axis)))
        largest = (self.decoder @ self.axis).square().sum() / self.axis.square().sum()
        self.step.copy_(1 / (MARGIN * largest.clamp(min=1.0)))


class DictionarySae(SolvedSae):
    """Rows of any sign, codes as sparse as l1 makes them."""


class SemiNmfSae(SolvedSae):
    """Rows of any sign, codes >= 0 under no other penalty (Ding, Li and Jordan 2010)."""


class NmfSae(SolvedSae):
    """Rows >= 0 as well (Lee and Seung 1999): parts can only be added, never taken away.

    b_dec is each input's smallest value on train and is not trained: behind a basis that centres, x - b_dec
    is what it was before. Rows are clipped at 0 after every step.
    """

    SURROGATE_GRADIENTS = frozenset({"decoder_bias"})

    def __init__(self, config: settings.NmfSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.decoder_bias.requires_grad_(False)

    def fit_start(self, x: Tensor) -> None:
        """The floor that inputs stand on, and rows >= 0: train inputs above it, each unlike the others."""
        self.decoder_bias.copy_(x.amin(dim=0))
        samples = torch.arange(len(self.decoder), device=x.device) % len(x)
        self.decoder.mul_(x[samples] - self.decoder_bias).abs_()
        self.normalise_decoder()
        self.encoder.copy_(self.decoder.T)
        super().fit_start(x)

    @torch.no_grad()
    def normalise_decoder(self) -> None:
        """Clip at 0, then bring to unit length; a row with nothing left points everywhere."""
        self.decoder.clamp_(min=0)
        empty = self.decoder.sum(dim=-1, keepdim=True) == 0
        self.decoder.copy_(torch.where(empty, torch.ones_like(self.decoder), self.decoder))
        super().normalise_decoder()

    @torch.no_grad()
    def restart(self, latents: Tensor, directions: Tensor) -> None:
        """As all kinds, along what is positive of the directions."""
        positive = directions.clamp(min=0)
        empty = positive.sum(dim=1, keepdim=True) == 0
        super().restart(latents, normalize(torch.where(empty, directions.abs(), positive), dim=1))
