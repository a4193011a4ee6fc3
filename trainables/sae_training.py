"""Training one SAE on the outputs of a basis.

The loss is the kind's reconstruction loss (mean_b |x - x^|^2 summed over the r inputs, E|x|^2 = r) + the
kind's penalty + auxk * AuxK. Adam, gradients clipped at norm 1, rate 2e-4 / sqrt(width / 2^14) times the
config's multiplier. Rate and penalty rise linearly over the warm-up share of the steps, the rate falls
to 0 over the decay share at the end. With bf16 the matrix products of a CUDA training are taken in bfloat16
(autocast; weights, codes and losses stay float32); a CPU training is float32 in any case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables import registry
from trainables.errors import TrialDiverged
from trainables.saes.resampling import resample, resampling_steps
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.saes.steps.choice import choose_step
from trainables.settings.sae import SaeTraining


@dataclass(frozen=True)
class SaeResult:
    """A trained SAE and, per epoch, the means `loss`, `squared_error`, `l0` and the count `dead`."""

    sae: SparseAutoencoder
    history: tuple[dict[str, float], ...]


SaeOutcome = SaeResult | TrialDiverged
"""Of one training among several: what it gave, or why it ended."""


def result_of(outcome: SaeOutcome) -> SaeResult:
    """The result. Raises TrialDiverged if there is none."""
    if isinstance(outcome, TrialDiverged):
        raise outcome
    return outcome


def diverged(loss: float, epoch: int, epochs: int) -> TrialDiverged:
    """Why a training ended after `epoch` (from 1) of `epochs`."""
    return TrialDiverged(f"the SAE's loss is {loss} after epoch {epoch} of {epochs}")


def learning_rate(width: int, multiplier: float) -> float:
    """Peak Adam rate: 2e-4 at 2^14 latents, growing as the width shrinks (Gao et al. 2024, figure 3)."""
    return multiplier * 2e-4 / math.sqrt(width / 2**14)


def ramp(step: int, steps: int, warmup: float, decay: float) -> tuple[float, float]:
    """Factors in (0, 1] for (rate, penalty) at `step` (from 0) of `steps`."""
    warm_steps, decay_steps = round(warmup * steps), round(decay * steps)
    rise = min(1.0, (step + 1) / (warm_steps + 1))
    fall = min(1.0, (steps - step) / (decay_steps + 1))
    return min(rise, fall), rise


def batches(rows: int, batch_size: int) -> int:
    """Gradient steps in a pass over so many rows."""
    return max(1, math.ceil(rows / batch_size))


def dead_window(configured: int, samples: int) -> int:
    """Samples without firing after which AuxK and resampling take a latent for dead.

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
    sae.begin_step(0.0)
    sae.initialise(y, generator)
    sae.decoder.requires_grad_(not frozen_decoder)
    run = Training(config, sae, y * sae.scale, epochs, generator)
    history = []
    for epoch in range(epochs):
        history.append(run.train_epoch())
        if not math.isfinite(history[-1]["loss"]):
            raise diverged(history[-1]["loss"], epoch + 1, epochs)
    run.finish()
    return SaeResult(sae, tuple(history))


class Training:
    """The state of one training: optimiser, step count, and when each latent fired last."""

    def __init__(
        self, config: SaeTraining, sae: SparseAutoencoder, x: Tensor, epochs: int, generator: torch.Generator
    ) -> None:
        self.config, self.sae, self.x, self.generator = config, sae, x, generator
        self.batches = batches(len(x), config.batch_size)
        self.steps = self.batches * epochs
        self.window = dead_window(config.dead_window, len(x) * epochs)
        self.resampling_steps = resampling_steps(config.resample, self.steps)
        self.rate = learning_rate(config.width, config.learning_rate_scale)
        self.optimiser = torch.optim.Adam(
            sae.parameters(), lr=self.rate, betas=(config.beta1, config.beta2), fused=True
        )
        self.way = choose_step(config, sae, self.optimiser, math.ceil(len(x) / self.batches))
        self.step = 0
        self.silent_for = torch.zeros(config.width, device=x.device)

    def train_epoch(self) -> dict[str, float]:
        """One pass in random order, in batches of equal size up to one row."""
        order = torch.randperm(len(self.x), generator=self.generator)
        sums = torch.zeros(3, device=self.x.device)
        # index_select copies whole rows, indexing number by number: three times as fast on a CPU.
        for rows in order.to(self.x.device).tensor_split(self.batches):
            if self.step in self.resampling_steps:
                self._resample()
            sums += self.train_step(self.x.index_select(0, rows))
        loss, squared_error, l0 = (sums / self.batches).tolist()
        dead = float((self.silent_for > self.window).sum())
        return {"loss": loss, "squared_error": squared_error, "l0": l0, "dead": dead}

    @torch.no_grad()
    def finish(self) -> None:
        """Leave the SAE as it is used: calibrated on all inputs, for reading only."""
        self.sae.begin_step(1.0)
        self.sae.requires_grad_(False).eval()
        self.sae.calibrate(self.x)

    def train_step(self, x: Tensor) -> Tensor:
        """One gradient step on x (b, r); its (loss, squared error, l0)."""
        rate_factor, penalty_factor = ramp(self.step, self.steps, self.config.warmup, self.config.decay)
        self.sae.begin_step(self.step / self.steps)
        dead = self._dead() if self.config.auxk > 0 else None
        outcome = self.way.take(x, self.rate * rate_factor, penalty_factor, dead)
        self.silent_for = torch.where(outcome.fired, 0.0, self.silent_for + len(x))
        self.step += 1
        return outcome.figures

    def _dead(self) -> Tensor:
        """Indices of the latents that have not fired for a whole window."""
        return (self.silent_for > self.window).nonzero().squeeze(1)

    def _resample(self) -> None:
        dead = self._dead()
        if len(dead):
            resample(self.sae, self.optimiser, self.x, dead, self.generator)
            self.silent_for[dead] = 0.0
