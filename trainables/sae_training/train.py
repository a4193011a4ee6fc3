"""Training one SAE on the outputs of a basis.

The loss is the kind's reconstruction loss (mean_b |x - x^|^2 summed over the r inputs, E|x|^2 = r) + the
kind's penalty + auxk * AuxK. Adam, gradients clipped at norm 1, rate 2e-4 / sqrt(width / 2^14) times the
config's multiplier. Rate and penalty rise linearly over the warm-up share of the steps, the rate falls
to 0 over the decay share at the end. With bf16 the matrix products of a CUDA training are taken in bfloat16
(autocast; weights, codes and losses stay float32); a CPU training is float32 in any case.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from trainables.sae_training.consolidation import consolidated
from trainables.sae_training.held import Held, hold, near
from trainables.sae_training.request import SaeResult, diverged
from trainables.sae_training.resampling import resample, resampling_steps
from trainables.sae_training.schedules import batches, dead_window, learning_rate, ramp
from trainables.sae_training.steps.choice import choose_step
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig


def train_sae(
    config: SaeTrainingConfig,
    y_train: Tensor,
    *,
    epochs: int,
    seed: int,
    device: torch.device | str,
    held: Held = "nothing",
) -> SaeResult:
    """Train the config's kind of SAE on basis outputs y (n, r) for `epochs` passes.

    held: what keeps to its random start, for controls that ask what the learning of it is worth.
    The same arguments and the same number of threads give the same SAE. Raises TrialDiverged as soon as
    an epoch's loss is not finite.
    """
    generator = torch.Generator().manual_seed(seed)
    y = y_train.to(device)
    sae: SparseAutoencoder = config.load_implementation()(config, y.shape[1]).to(device)
    sae.begin_step(0.0)
    sae.initialise(y, generator)
    first = hold(sae, held)
    run = Training(config, sae, y * sae.scale, epochs, generator, first)
    history = []
    for epoch in range(epochs):
        history.append(run.train_epoch())
        if not math.isfinite(history[-1]["loss"]):
            raise diverged(history[-1]["loss"], epoch + 1, epochs)
    return run.finished(tuple(history))


class Training:
    """The state of one training: optimiser, step count, and when each latent fired last."""

    def __init__(
        self,
        config: SaeTrainingConfig,
        sae: SparseAutoencoder,
        x: Tensor,
        epochs: int,
        generator: torch.Generator,
        first: Tensor | None = None,
    ) -> None:
        """first: directions (f, r) that the decoder's rows stay near, if they are to."""
        self.config, self.sae, self.x, self.generator = config, sae, x, generator
        self.first = first
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

    def finished(self, history: tuple[dict[str, float], ...]) -> SaeResult:
        """The SAE as it is used: calibrated on all inputs, consolidated, for reading only."""
        self.sae.begin_step(1.0)
        left = consolidated(self.sae.requires_grad_(False).eval(), self.config, self.x)
        return SaeResult(left.sae, history, left.rare, left.merged)

    def train_step(self, x: Tensor) -> Tensor:
        """One gradient step on x (b, r); its (loss, squared error, l0)."""
        rate_factor, penalty_factor = ramp(self.step, self.steps, self.config.warmup, self.config.decay)
        self.sae.begin_step(self.step / self.steps)
        dead = self._dead() if self.config.auxk > 0 else None
        outcome = self.way.take(x, self.rate * rate_factor, penalty_factor, dead)
        if self.first is not None:
            self.sae.decoder.data.copy_(near(self.sae.decoder, self.first))
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
