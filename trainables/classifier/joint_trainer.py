"""Network and SAE in one training, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from trainables.bases.basis import Basis
from trainables.classifier import trainer_state
from trainables.classifier.joint_loss import JointLoss
from trainables.classifier.objective import Objective
from trainables.classifier.trainer import evaluated, repeatable_convolutions
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData
from trainables.errors import TrialDiverged
from trainables.networks.network import Network
from trainables.sae_training.schedules import batches, dead_window, edit_ramp, one_cycle
from trainables.saes.batch_topk import BatchTopKSae
from trainables.seeds import child_seed, generator
from trainables.settings.loop import JointLoopConfig

# Thresholds (encoder biases, cosine thresholds of templates) take larger steps than weights.
THRESHOLD_RATE = 10.0


class JointTrainer:
    """Adam on `JointLoss`, its rate in one cycle over all epochs of the training; thresholds at ten times it.

    The basis stays as it is. Which images an epoch shows in which order, and what it draws, follows from
    (seed, epoch) alone; the cycle and the ramp of the losses on latents from the number of epochs in all, so
    that a training of fewer epochs is another one.
    """

    def __init__(
        self,
        config: TrialConfig,
        data: ImageData,
        seed: int,
        device: torch.device,
        basis: Basis,
        sae: BatchTopKSae,
        epochs: int,
    ) -> None:
        """The network is at its first weights until `begin` or `load_state_tensors`; `sae` is trained."""
        assert isinstance(config.loop, JointLoopConfig)
        loop, self.seed, self.device, self.epochs, self.epoch = config.loop, seed, device, epochs, 0
        self._share = loop.augmented_share
        self._objective = Objective(config.classifier, config.auxiliary, data, seed, device)
        self.basis, self.sae = basis, sae.requires_grad_(True).train()
        self._loss = JointLoss(loop, self._objective, basis, sae)
        self._val = (data.val.images.to(device), data.val.labels.to(device))
        self._batches = batches(len(data.train), loop.batch_size)
        self._rate = loop.learning_rate
        self._window = dead_window(config.sae.dead_window, len(data.train) * epochs)
        self._silent_for = torch.zeros(len(sae.decoder), device=device)
        self._optimizer = torch.optim.Adam(self._parameter_groups(), lr=loop.learning_rate, fused=True)
        trainer_state.begin_moments(self._optimizer, self._parameters().values(), device)

    @property
    def network(self) -> Network:
        """The classifier in training."""
        return self._objective.network

    def begin(self, plain: Mapping[str, Tensor]) -> None:
        """Take network and heads from the state tensors of a `ClassifierTrainer` with the same settings."""
        with torch.no_grad():
            for name, tensor in self._objective.state().items():
                tensor.copy_(plain[name])

    def train_epoch(self) -> float:
        """One pass over the train images; the mean loss. Raises TrialDiverged if it is not finite."""
        n = len(self._objective.labels)
        draws = generator(child_seed(self.seed, "epoch", self.epoch), self.device)
        order = torch.randperm(n, generator=draws, device=self.device)
        total = torch.zeros((), device=self.device)
        self.network.train()
        with repeatable_convolutions(self.device):
            for step, rows in enumerate(order.tensor_split(self._batches)):
                total += self._step(rows, step, draws) * len(rows)
        self.epoch += 1
        mean = float(total) / n
        if not math.isfinite(mean):
            raise TrialDiverged(f"the joint training's loss is {mean} in epoch {self.epoch}")
        return mean

    def evaluate(self) -> dict[str, float]:
        """The classifier's accuracy and cross entropy on the val images; TrialDiverged if not finite."""
        return evaluated(self.network, *self._val, self.epoch)

    def state_tensors(self) -> dict[str, Tensor]:
        """Copies of all that the next epoch depends on."""
        return trainer_state.copied(self._state(), self.epoch)

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Continues from `state_tensors()` of a trainer with the same settings, seed and basis."""
        self.epoch = trainer_state.load(self._state(), tensors)

    def _step(self, rows: Tensor, step: int, draws: torch.Generator) -> Tensor:
        done = (self.epoch * self._batches + step) / (self.epochs * self._batches)
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * one_cycle(done) * group["factor"]
        self.sae.begin_step(1.0)
        dead = (self._silent_for > self._window).nonzero().squeeze(1)
        shown = self._objective.shown(rows, step, self._share, draws)
        self._optimizer.zero_grad()
        with self._objective.autocast():
            taken = self._loss.take(shown, dead, edit_ramp(done), draws)
        taken.loss.backward()
        self.sae.project_decoder_gradient()
        self._optimizer.step()
        self.sae.normalise_decoder()
        self.sae.follow(taken.smallest)
        self._silent_for.copy_(torch.where(taken.fired, 0.0, self._silent_for + len(rows)))
        return taken.loss.detach()

    def _parameters(self) -> dict[str, nn.Parameter]:
        return {
            **self._objective.parameters(),
            **{f"sae.{name}": parameter for name, parameter in self.sae.named_parameters()},
        }

    def _parameter_groups(self) -> list[dict[str, object]]:
        fast = {id(self.sae.encoder_bias), *(id(p) for p in self.network.thresholds())}
        parameters = list(self._parameters().values())
        return [
            {"params": [p for p in parameters if id(p) not in fast], "factor": 1.0},
            {"params": [p for p in parameters if id(p) in fast], "factor": THRESHOLD_RATE},
        ]

    def _state(self) -> dict[str, Tensor]:
        """The live tensors by their flat names."""
        return {
            **self._objective.state(),
            **{f"sae.{name}": tensor for name, tensor in self.sae.state_dict().items()},
            "silent_for": self._silent_for,
            **trainer_state.moments(self._optimizer, self._parameters()),
        }
