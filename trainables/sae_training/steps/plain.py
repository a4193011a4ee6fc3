"""The step by autograd and torch's Adam: for every kind and device, and what other steps must agree with."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from trainables.sae_training.auxk import auxk_loss
from trainables.sae_training.steps.step import MAX_GRADIENT_NORM, Outcome
from trainables.saes.sparse_autoencoder import Forward, SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig


def autocast(device: torch.device, precision: str) -> AbstractContextManager[object]:
    """bfloat16 products for bf16 on a CUDA device; else no change."""
    if precision == "bf16" and device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


class PlainStep:
    """Whatever the SAE's methods say is its loss, differentiated."""

    def __init__(
        self, config: SaeTrainingConfig, sae: SparseAutoencoder, optimiser: torch.optim.Optimizer
    ) -> None:
        self.config, self.sae, self.optimiser = config, sae, optimiser

    def take(self, x: Tensor, rate: float, penalty_factor: float, dead: Tensor | None) -> Outcome:
        """One step by autograd, as `Step` says."""
        forward, loss = self.loss(x, penalty_factor, dead)
        self.optimiser.zero_grad()
        loss.backward()
        self._descend(rate)
        with torch.no_grad():
            self.sae.end_step(forward)
            fired = forward.z.detach() > 0
            squared_error = forward.residual.square().sum() / len(x)
        return Outcome(torch.stack([loss.detach(), squared_error, fired.sum() / len(x)]), fired.any(0))

    def loss(self, x: Tensor, penalty_factor: float, dead: Tensor | None) -> tuple[Forward, Tensor]:
        """The pass over x (b, r) and its total loss, a scalar."""
        with autocast(x.device, self.config.precision):
            forward = self.sae(x)
            loss = self.sae.reconstruction_loss(forward)
            penalty = self.sae.penalty(forward)
            if penalty is not None:
                loss = loss + penalty_factor * penalty
            if dead is not None and len(dead):
                revival = auxk_loss(forward.residual, forward.u, self.sae.decoder, dead)
                loss = loss + self.config.auxk * revival
        return forward, loss

    def _descend(self, rate: float) -> None:
        self.sae.project_decoder_gradient()
        torch.nn.utils.clip_grad_norm_(self.sae.parameters(), MAX_GRADIENT_NORM)
        self.optimiser.param_groups[0]["lr"] = rate
        self.optimiser.step()
        self.sae.normalise_decoder()
