"""Trains a classifier epoch by epoch, so that it can be stopped, kept and continued at any of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch.nn import functional

from trainables.classifier import trainer_state
from trainables.classifier.objective import Objective
from trainables.data.dataset import ImageData
from trainables.errors import TrialDiverged
from trainables.losses.cosine_target import CosineTarget
from trainables.networks.network import Network
from trainables.seeds import child_seed, generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import ClassifierTrainingConfig

# Bounds the memory of a convolutional network's evaluation.
EVALUATION_BATCH = 4096


class ClassifierTrainer:
    """Adam at a constant rate on cross entropy plus the weighted auxiliary losses.

    Every epoch's order and noise follow from (seed, epoch) alone and nothing depends on
    `config.epochs`: epoch n is the same whether it was reached in one go, from a restored state, or
    by a trial that is to go further. `weight_decay` is coupled: its gradient passes through Adam; the
    layer that reads the pixels has `first_layer_decay` on top. What the losses train of their own
    (heads) is trained, kept and restored with the network. `precision: bf16` computes the losses under
    autocast on a GPU; weights, Adam and evaluation stay float32, and so does everything on a CPU.
    A `guide` pulls every train image's activations towards a target of its own (`trainables.loop`).
    On one device and number of threads, equal arguments give equal weights, bit for bit.
    """

    def __init__(
        self,
        config: ClassifierTrainingConfig,
        auxiliary: AuxiliaryConfig,
        data: ImageData,
        seed: int,
        device: torch.device | str = "cpu",
        *,
        guide: CosineTarget | None = None,
    ) -> None:
        self.config = config
        self._guide = guide
        self.seed = seed
        self.device = torch.device(device)
        self.epoch = 0
        self._objective = Objective(config, auxiliary, data, seed, self.device)
        self.network = self._objective.network
        self._val = (data.val.images.to(self.device), data.val.labels.to(self.device))
        self._optimizer = torch.optim.Adam(
            self._parameter_groups(), lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True
        )
        parameters = self._objective.parameters().values()
        trainer_state.begin_moments(self._optimizer, parameters, self.device)

    def train_epoch(self) -> float:
        """One pass over the training images; returns the mean training loss.

        Raises TrialDiverged if it is not finite; the trainer is then of no further use.
        """
        n = len(self._objective.labels)
        draws = generator(child_seed(self.seed, "epoch", self.epoch), self.device)
        order = torch.randperm(n, generator=draws, device=self.device)
        total = torch.zeros((), device=self.device)
        self.network.train()
        with repeatable_convolutions(self.device):
            for step, rows in enumerate(order.split(self.config.batch_size)):
                self._optimizer.zero_grad()
                loss = self._loss(rows, step, draws)
                if loss.requires_grad:  # a frozen network without losses that learn has nothing to train
                    loss.backward()
                    self._optimizer.step()
                total += loss.detach() * len(rows)
        self.epoch += 1
        mean = float(total) / n
        if not math.isfinite(mean):
            raise TrialDiverged(f"the classifier's training loss is {mean} in epoch {self.epoch}")
        return mean

    def evaluate(self) -> dict[str, float]:
        """Accuracy in [0, 1] and cross entropy in nats on the val images; TrialDiverged if not finite."""
        return evaluated(self.network, *self._val, self.epoch)

    def state_tensors(self) -> dict[str, torch.Tensor]:
        """Copies of all that the next epoch depends on: weights, Adam's moments and step, the epoch."""
        return trainer_state.copied(self._state(), self.epoch)

    def load_state_tensors(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Continues from `state_tensors()` of a trainer with the same settings and seed.

        ValueError, with nothing changed, if names or shapes are not this trainer's.
        """
        self.epoch = trainer_state.load(self._state(), tensors)

    def _loss(self, rows: torch.Tensor, step: int, draws: torch.Generator) -> torch.Tensor:
        shown = self._objective.shown(rows, step, self.config.augmented_share, draws)
        with self._objective.autocast():
            hidden, _, loss = self._objective.loss(shown, draws)
            return loss if self._guide is None else loss + self._guide(hidden, rows)

    def _parameter_groups(self) -> list[dict[str, object]]:
        """Parameters for Adam, those of the first learned layer apart for their own decay."""
        config, first = self.config, {id(weight) for weight in self.network.first_weights()}
        parameters = list(self._objective.parameters().values())
        decay = config.weight_decay
        return [
            {
                "params": [p for p in parameters if id(p) in first],
                "weight_decay": decay + config.first_layer_decay,
            },
            {"params": [p for p in parameters if id(p) not in first], "weight_decay": decay},
        ]

    def _state(self) -> dict[str, torch.Tensor]:
        """The live tensors by their flat names."""
        own = self._objective
        return {**own.state(), **trainer_state.moments(self._optimizer, own.parameters())}


def evaluated(network: Network, images: torch.Tensor, labels: torch.Tensor, epoch: int) -> dict[str, float]:
    """Accuracy in [0, 1] and cross entropy in nats on images (n, h, w); TrialDiverged if not finite."""
    network.eval()
    correct, cross_entropy = 0, 0.0
    with torch.no_grad():
        for part, own in zip(images.split(EVALUATION_BATCH), labels.split(EVALUATION_BATCH), strict=True):
            logits = network(part)
            correct += int((logits.argmax(dim=1) == own).sum())
            cross_entropy += float(functional.cross_entropy(logits, own, reduction="sum"))
    if not math.isfinite(cross_entropy):
        raise TrialDiverged(f"classifier/ce is {cross_entropy} after epoch {epoch}")
    return {"classifier/accuracy": correct / len(labels), "classifier/ce": cross_entropy / len(labels)}


def repeatable_convolutions(device: torch.device) -> AbstractContextManager[None]:
    """cuDNN's fastest backward passes add in changing order; this asks for the ones that do not."""
    if device.type != "cuda":
        return nullcontext()
    # None leaves the precision as whoever started the process set it.
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=None, fp32_precision=None
    )
