"""Actors that ask the packer though they have no GPU, so that the whole way is gone on a CPU."""

from __future__ import annotations

from trainables.sae_training.local import Trainer
from trainables.workers.confirm_actor import ConfirmActor
from trainables.workers.gpu_batching import GpuBatchedTrainer
from trainables.workers.trial_actor import TrialActor

LINGER_S = 3.0
"""Long enough for trials that began together on a busy machine."""


class PackedTrialActor(TrialActor):
    """As if its device were a shared GPU."""

    def _choose_trainer(self) -> Trainer:
        return GpuBatchedTrainer(self._device, self._context.threads, LINGER_S)


class PackedConfirmActor(ConfirmActor):
    """As if its device were a shared GPU."""

    def _choose_trainer(self) -> Trainer:
        return GpuBatchedTrainer(self._device, self._context.threads, LINGER_S)
