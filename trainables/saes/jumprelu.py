"""Codes above a learnt threshold (Rajamanoharan et al. 2024, "Jumping Ahead", arXiv 2407.14435)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

from trainables.saes.sparse_autoencoder import RESTART_LENGTH, Forward, SparseAutoencoder
from trainables.saes.stacking import over_batch, total
from trainables.saes.start import cut_for_l0
from trainables.settings import sae as settings


class JumpReluSae(SparseAutoencoder):
    """z = u * 1[u > t] with a threshold t_j >= 0 per latent; the loss adds

    l0_weight * r * (L0 / target - 1)^2,   L0 = mean_b sum_f 1[u > t].

    t is the parameter itself, not its logarithm, whose steps become too small to move a small threshold.
    Its gradient is estimated from the u within bandwidth / 2 of it. All start at the one value that gives the
    target, so that a short training is not spent on getting there.
    """

    SURROGATE_GRADIENTS = frozenset({"threshold"})
    HYPERPARAMETERS = ("target_l0", "l0_weight", "bandwidth")

    def __init__(self, config: settings.JumpReluSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.target_l0 = config.target_l0
        self.l0_weight = config.l0_weight
        self.bandwidth = config.bandwidth
        self.threshold = nn.Parameter(torch.zeros(config.width))

    def fit_start(self, x: Tensor) -> None:
        """The threshold that only the target's number of u of x (n, r) exceed."""
        self.threshold.copy_(cut_for_l0(self.encode_scaled(x)[0], self.target_l0))

    def scale_codes(self, gain: Tensor) -> None:
        """Encoder and thresholds: the same latents stay on."""
        super().scale_codes(gain)
        self.threshold.mul_(gain)

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f) = u * 1[u > t]."""
        codes: Tensor = _JumpRelu.apply(u, self.threshold, self.bandwidth)
        return codes

    def penalty(self, forward: Forward) -> Tensor | None:
        """l0_weight * r * (L0 / target - 1)^2."""
        l0 = total(_Step.apply(forward.u, self.threshold, self.bandwidth)) / forward.u.shape[-2]
        loss: Tensor = self.l0_weight * forward.x.shape[-1] * (l0 / self.target_l0 - 1).square()
        return loss

    @torch.no_grad()
    def end_step(self, forward: Forward) -> None:  # noqa: ARG002
        """Keep thresholds at 0 or above, so that codes are."""
        self.threshold.clamp_(min=0)

    @torch.no_grad()
    def restart(self, latents: Tensor, directions: Tensor) -> None:
        """As all kinds, with the mean threshold shortened like the encoder's column."""
        super().restart(latents, directions)
        self.threshold[latents] = RESTART_LENGTH * self.threshold.mean()


class _JumpRelu(Function):
    """u * 1[u > t]; backward dz/du = 1[u > t], dz/dt = -(t / bandwidth) K((u - t) / bandwidth)."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, threshold: Tensor, bandwidth: float | Tensor) -> Tensor:
        ctx.save_for_backward(u, threshold)
        ctx.bandwidth = bandwidth
        return u * (u > threshold)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        (gradient,), (u, threshold) = gradients, ctx.saved_tensors
        window = _window(u, threshold, ctx.bandwidth)
        to_threshold = -(threshold / ctx.bandwidth) * over_batch(gradient * window)
        return gradient * (u > threshold), to_threshold, None


class _Step(Function):
    """1[u > t]; backward 0 to u, -(1 / bandwidth) K((u - t) / bandwidth) to t."""

    @staticmethod
    def forward(ctx: Any, u: Tensor, threshold: Tensor, bandwidth: float | Tensor) -> Tensor:
        ctx.save_for_backward(u, threshold)
        ctx.bandwidth = bandwidth
        return (u > threshold).to(u.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, None]:
        (gradient,), (u, threshold) = gradients, ctx.saved_tensors
        window = _window(u, threshold, ctx.bandwidth)
        return None, -over_batch(gradient * window) / ctx.bandwidth, None


def _window(u: Tensor, threshold: Tensor, bandwidth: float | Tensor) -> Tensor:
    """K((u - t) / bandwidth), the rectangle that is 1 on [-1/2, 1/2], as bool."""
    return (u - threshold).abs_() <= bandwidth / 2
