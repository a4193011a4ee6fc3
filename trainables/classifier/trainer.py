"""Trains a classifier epoch by epoch, so that it can be stopped, kept and continued at any of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn
from torch.nn import functional

from trainables.classifier.augmentation import randomised_background
from trainables.data.dataset import ImageData
from trainables.data.stroke_mask import stroke_mask
from trainables.errors import TrialDiverged
from trainables.losses.cosine_target import CosineTarget
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.initial import initial_network
from trainables.seeds import child_seed, generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import ClassifierTrainingConfig

AuxiliaryLoss = Callable[[TrainingBatch], torch.Tensor]

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
        self.network = initial_network(config, data, generator(child_seed(seed, "weights"))).to(self.device)
        self._losses = active_losses(auxiliary, self._loss_setup(auxiliary, data))
        self._heads = nn.ModuleDict(
            {name: loss for name, (_, loss) in self._losses.items() if isinstance(loss, nn.Module)}
        ).to(self.device)
        self._train = (data.train.images.to(self.device), data.train.labels.to(self.device))
        self._val = (data.val.images.to(self.device), data.val.labels.to(self.device))
        needs_masks = bool(self._losses) or config.background_noise > 0
        self._masks = stroke_mask(self._train[0]) if needs_masks else None
        self._optimizer = torch.optim.Adam(
            self._parameter_groups(), lr=config.learning_rate, betas=(config.beta1, config.beta2), fused=True
        )
        for parameter in self._parameters().values():
            self._optimizer.state[parameter] = {
                "step": torch.zeros((), device=self.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }

    def train_epoch(self) -> float:
        """One pass over the training images; returns the mean training loss.

        Raises TrialDiverged if it is not finite; the trainer is then of no further use.
        """
        images, labels = self._train
        draws = generator(child_seed(self.seed, "epoch", self.epoch), self.device)
        order = torch.randperm(len(labels), generator=draws, device=self.device)
        total = torch.zeros((), device=self.device)
        self.network.train()
        with _repeatable_convolutions(self.device):
            for rows in order.split(self.config.batch_size):
                self._optimizer.zero_grad()
                # index_select copies whole images, indexing number by number.
                batch = images.index_select(0, rows), labels.index_select(0, rows)
                loss = self._loss(*batch, rows, draws)
                loss.backward()
                self._optimizer.step()
                total += loss.detach() * len(rows)
        self.epoch += 1
        mean = float(total) / len(labels)
        if not math.isfinite(mean):
            raise TrialDiverged(f"the classifier's training loss is {mean} in epoch {self.epoch}")
        return mean

    def evaluate(self) -> dict[str, float]:
        """Accuracy in [0, 1] and cross entropy in nats on the val images; TrialDiverged if not finite."""
        self.network.eval()
        correct, cross_entropy = 0, 0.0
        with torch.no_grad():
            for images, labels in zip(*(part.split(EVALUATION_BATCH) for part in self._val), strict=True):
                logits = self.network(images)
                correct += int((logits.argmax(dim=1) == labels).sum())
                cross_entropy += float(functional.cross_entropy(logits, labels, reduction="sum"))
        n = len(self._val[1])
        if not math.isfinite(cross_entropy):
            raise TrialDiverged(f"classifier/ce is {cross_entropy} after epoch {self.epoch}")
        return {"classifier/accuracy": correct / n, "classifier/ce": cross_entropy / n}

    def state_tensors(self) -> dict[str, torch.Tensor]:
        """Copies of all that the next epoch depends on: weights, Adam's moments and step, the epoch."""
        tensors = {"epoch": torch.tensor(self.epoch)}
        for name, tensor in self._state().items():
            tensors[name] = tensor.detach().clone()
        return tensors

    def load_state_tensors(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Continues from `state_tensors()` of a trainer with the same settings and seed.

        ValueError, with nothing changed, if names or shapes are not this trainer's.
        """
        own = self._state()
        differing = {*own, "epoch"} ^ set(tensors)
        differing |= {name for name in own if name in tensors and tensors[name].shape != own[name].shape}
        if differing:
            raise ValueError(f"the state is another classifier's: {', '.join(sorted(differing))} do not fit")
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(tensors[name])
        self.epoch = int(tensors["epoch"])

    def _loss(
        self, images: torch.Tensor, labels: torch.Tensor, rows: torch.Tensor, draws: torch.Generator
    ) -> torch.Tensor:
        masks = None if self._masks is None else self._masks[rows]
        if masks is not None and self.config.background_noise > 0:
            images = randomised_background(images, masks, self.config.background_noise, draws)
        with self._autocast():
            hidden = self.network.hidden(images).float()
            loss = functional.cross_entropy(self.network.head(hidden), labels)
            if masks is not None:
                batch = TrainingBatch(self.network, images, hidden, labels, rows, masks, draws)
                for weight, auxiliary_loss in self._losses.values():
                    loss = loss + weight * auxiliary_loss(batch)
            if self._guide is not None:
                loss = loss + self._guide(hidden, rows)
        return loss

    def _autocast(self) -> AbstractContextManager[None]:
        if self.config.precision == "float32" or self.device.type != "cuda":
            return nullcontext()
        context: AbstractContextManager[None] = torch.autocast("cuda", dtype=torch.bfloat16)
        return context

    def _loss_setup(self, auxiliary: AuxiliaryConfig, data: ImageData) -> Callable[[str], LossSetup]:
        """Setup of a loss by its name: which others are switched on does not touch its first weights."""
        return lambda name: LossSetup(
            auxiliary, data.train, self.network.hidden_size, generator(child_seed(self.seed, "loss", name))
        )

    def _parameter_groups(self) -> list[dict[str, object]]:
        """Parameters for Adam, those of the first learned layer apart for their own decay."""
        config, first = self.config, {id(weight) for weight in self.network.first_weights()}
        parameters = list(self._parameters().values())
        decay = config.weight_decay
        return [
            {
                "params": [p for p in parameters if id(p) in first],
                "weight_decay": decay + config.first_layer_decay,
            },
            {"params": [p for p in parameters if id(p) not in first], "weight_decay": decay},
        ]

    def _parameters(self) -> dict[str, nn.Parameter]:
        """All that Adam trains, by flat names."""
        return {
            **{name: p for name, p in self.network.named_parameters() if p.requires_grad},
            **{f"losses.{name}": p for name, p in self._heads.named_parameters() if p.requires_grad},
        }

    def _state(self) -> dict[str, torch.Tensor]:
        """The live tensors by their flat names."""
        state: dict[str, torch.Tensor] = {
            **{f"network.{name}": tensor for name, tensor in self.network.state_dict().items()},
            **{f"losses.{name}": tensor for name, tensor in self._heads.state_dict().items()},
        }
        for name, parameter in self._parameters().items():
            for moment, tensor in self._optimizer.state[parameter].items():
                state[f"adam.{moment}.{name}"] = tensor
        return state


def active_losses(
    auxiliary: AuxiliaryConfig, setup: Callable[[str], LossSetup]
) -> dict[str, tuple[float, AuxiliaryLoss]]:
    """(weight, loss) by name of every auxiliary loss switched on; one at 0 is not even imported.

    setup: name -> what a loss with a state is built from; asked only for those.
    """
    active: dict[str, tuple[float, AuxiliaryLoss]] = {}
    for name, config in auxiliary.active().items():
        loss = config.load_implementation()
        active[name] = (getattr(auxiliary, name), loss(setup(name)) if isinstance(loss, type) else loss)
    return active


def _repeatable_convolutions(device: torch.device) -> AbstractContextManager[None]:
    """cuDNN's fastest backward passes add in changing order; this asks for the ones that do not."""
    if device.type != "cuda":
        return nullcontext()
    # None leaves the precision as whoever started the process set it.
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=None, fp32_precision=None
    )
