"""Training one SAE on the outputs of a basis.

The loss is mean_b |x - x^|^2 (summed over the r inputs, E|x|^2 = r) + the kind's penalty + auxk * AuxK.
Adam (0.9, 0.999), gradients clipped at norm 1, rate 2e-4 / sqrt(width / 2^14) times the config's
multiplier. Rate and penalty rise linearly over the warm-up share of the steps, the rate falls to 0 over
the decay share at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables import registry
from trainables.config import SaeTraining
from trainables.errors import TrialDiverged
from trainables.saes.auxk import auxk_loss
from trainables.saes.sparse_autoencoder import SparseAutoencoder

MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class SaeResult:
    """A trained SAE and, per epoch, the means `loss`, `squared_error`, `l0` and the count `dead`."""

    sae: SparseAutoencoder
    history: tuple[dict[str, float], ...]


def learning_rate(width: int, multiplier: float) -> float:
    """Peak Adam rate: 2e-4 at 2^14 latents, growing as the width shrinks (Gao et al. 2024, figure 3)."""
    return multiplier * 2e-4 / math.sqrt(width / 2**14)


def ramp(step: int, steps: int, warmup: float, decay: float) -> tuple[float, float]:
    """Factors in (0, 1] for (rate, penalty) at `step` (from 0) of `steps`."""
    warm_steps, decay_steps = round(warmup * steps), round(decay * steps)
    rise = min(1.0, (step + 1) / (warm_steps + 1))
    fall = min(1.0, (steps - step) / (decay_steps + 1))
    return min(rise, fall), rise


def dead_window(configured: int, samples: int) -> int:
    """Samples without firing after which AuxK takes a latent for dead.

    At most a tenth of the samples of this whole training: a window longer than the training would never
    open, and at the low rungs the configured one often is; one almost as long would open too late to help.
    """
    return min(configured, max(1, samples // 10))


def train_sae(
    config: SaeTraining,
    y_train: Tensor,
    *,
    epochs: int,
    seed: int,
    device: torch.device | str,
    frozen_decoder: bool = False,
) -> SaeResult:
    """Train the config's kind of SAE on basis outputs y (n, r) for `epochs` passes.

    frozen_decoder: the decoder's rows stay the random directions they begin as, for the control that asks
    what a dictionary which learnt nothing would score.
    The same arguments and the same number of threads give the same SAE. Raises TrialDiverged as soon as
    an epoch's loss is not finite.
    """
    generator = torch.Generator().manual_seed(seed)
    y = y_train.to(device)
    kind: str = config.kind  # type: ignore[attr-defined]  # every kind's config names itself
    sae: SparseAutoencoder = registry.load(registry.SAES, kind)(config, y.shape[1]).to(device)
    sae.initialise(y, generator)
    sae.decoder.requires_grad_(not frozen_decoder)
    run = _Run(config, sae, y * sae.scale, epochs)
    history = []
    for epoch in range(epochs):
        history.append(run.train_epoch(torch.randperm(len(y), generator=generator)))
        if not math.isfinite(history[-1]["loss"]):
            raise TrialDiverged(
                f"the SAE's loss is {history[-1]['loss']} after epoch {epoch + 1} of {epochs}"
            )
    return SaeResult(sae.requires_grad_(False).eval(), tuple(history))


class _Run:
    """The state of one training: optimiser, step count, and when each latent fired last."""

    def __init__(self, config: SaeTraining, sae: SparseAutoencoder, x: Tensor, epochs: int) -> None:
        self.config, self.sae, self.x = config, sae, x
        self.batches = max(1, math.ceil(len(x) / config.batch_size))
        self.steps = self.batches * epochs
        self.window = dead_window(config.dead_window, len(x) * epochs)
        self.rate = learning_rate(config.width, config.learning_rate_scale)
        self.optimiser = torch.optim.Adam(sae.parameters(), lr=self.rate, betas=(0.9, 0.999), fused=True)
        self.step = 0
        self.silent_for = torch.zeros(config.width, device=x.device)

    def train_epoch(self, order: Tensor) -> dict[str, float]:
        """One pass in `order` (n,), in batches of equal size up to one row."""
        sums = torch.zeros(3, device=self.x.device)
        for rows in order.to(self.x.device).tensor_split(self.batches):
            sums += self._train_step(self.x[rows])
        loss, squared_error, l0 = (sums / self.batches).tolist()
        dead = float((self.silent_for > self.window).sum())
        return {"loss": loss, "squared_error": squared_error, "l0": l0, "dead": dead}

    def _train_step(self, x: Tensor) -> Tensor:
        """One gradient step on x (b, r); its (loss, squared error, l0)."""
        rate_factor, penalty_factor = ramp(self.step, self.steps, self.config.warmup, self.config.decay)
        u, z = self.sae.encode_scaled(x)
        residual = x - self.sae.decode_scaled(z)
        squared_error = residual.square().sum() / len(x)
        loss = squared_error
        penalty = self.sae.penalty(z)
        if penalty is not None:
            loss = loss + penalty_factor * penalty
        fired = z.detach() > 0
        if self.config.auxk > 0:
            dead = (self.silent_for > self.window).nonzero().squeeze(1)
            if len(dead):
                loss = loss + self.config.auxk * auxk_loss(residual, u, self.sae.decoder, dead)
        self.silent_for = torch.where(fired.any(0), 0.0, self.silent_for + len(x))
        self._descend(loss, self.rate * rate_factor)
        return torch.stack([loss.detach(), squared_error.detach(), fired.sum() / len(x)])

    def _descend(self, loss: Tensor, rate: float) -> None:
        self.optimiser.zero_grad()
        loss.backward()
        self.sae.project_decoder_gradient()
        torch.nn.utils.clip_grad_norm_(self.sae.parameters(), MAX_GRADIENT_NORM)
        self.optimiser.param_groups[0]["lr"] = rate
        self.optimiser.step()
        self.sae.normalise_decoder()
        self.step += 1
