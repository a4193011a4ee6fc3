"""What a classifier is trained to lower: cross entropy, auxiliary losses, on images as a step sees them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from trainables.classifier.augmentation import augmented, changes, is_augmented, randomised_background
from trainables.data.dataset import ImageData
from trainables.data.stroke_mask import stroke_mask
from trainables.losses.training_batch import LossSetup, TrainingBatch
from trainables.networks.initial import initial_network
from trainables.seeds import child_seed, generator
from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.classifier import ClassifierTrainingConfig
from trainables.settings.loss_section import LossSection


@dataclass(frozen=True)
class Shown:
    """A step's images (b, h, w) as they are shown, their labels, which train images they are, and the stroke
    masks from before any noise, None where nobody needs them."""

    images: torch.Tensor
    labels: torch.Tensor
    rows: torch.Tensor
    masks: torch.Tensor | None


class Objective:
    """A network at its first weights, the auxiliary losses switched on, and the train images they see.

    heads: the losses that are modules. Their weights are trained with the network's. `precision: bf16` takes
    the losses under autocast on a GPU; on a CPU everything is float32.
    """

    def __init__(
        self,
        config: ClassifierTrainingConfig,
        auxiliary: AuxiliaryConfig,
        data: ImageData,
        seed: int,
        device: torch.device,
    ) -> None:
        self.config, self.device, self.seed = config, device, seed
        self.network = initial_network(config, data, generator(child_seed(seed, "weights"))).to(device)
        self._losses = active_losses(auxiliary, self._loss_setup(auxiliary, data))
        self.heads = nn.ModuleDict(
            {name: loss for name, (_, loss) in self._losses.items() if isinstance(loss, nn.Module)}
        ).to(device)
        self.images, self.labels = data.train.images.to(device), data.train.labels.to(device)
        self._augments = changes(config)
        self._needs_masks = bool(self._losses) or config.background_noise > 0
        self._masks = stroke_mask(self.images) if self._needs_masks else None

    def shown(self, rows: torch.Tensor, step: int, share: float, draws: torch.Generator) -> Shown:
        """Train images `rows` at `step` of an epoch, of whose batches `share` are augmented."""
        # index_select copies whole images, indexing number by number.
        images, labels = self.images.index_select(0, rows), self.labels.index_select(0, rows)
        masks = None if self._masks is None else self._masks[rows]
        if self._augments and is_augmented(step, share):
            images = augmented(images, self.config, draws)
            masks = None if masks is None else stroke_mask(images)
        if masks is not None and self.config.background_noise > 0:
            images = randomised_background(images, masks, self.config.background_noise, draws)
        return Shown(images, labels, rows, masks)

    def loss(self, shown: Shown, draws: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Hidden activations (b, d), logits and the loss; to be called under `autocast`."""
        hidden = self.network.hidden(shown.images).float()
        logits = self.network.head(hidden)
        loss = functional.cross_entropy(logits, shown.labels)
        if shown.masks is not None:
            batch = TrainingBatch(
                self.network, shown.images, hidden, shown.labels, shown.rows, shown.masks, draws
            )
            for weight, auxiliary_loss in self._losses.values():
                loss = loss + weight * auxiliary_loss(batch)
        return hidden, logits, loss

    def autocast(self) -> AbstractContextManager[None]:
        """bfloat16 products for bf16 on a CUDA device; else no change."""
        if self.config.precision == "float32" or self.device.type != "cuda":
            return nullcontext()
        context: AbstractContextManager[None] = torch.autocast("cuda", dtype=torch.bfloat16)
        return context

    def parameters(self) -> dict[str, nn.Parameter]:
        """All that is trained, by flat names."""
        return {
            **{name: p for name, p in self.network.named_parameters() if p.requires_grad},
            **{f"losses.{name}": p for name, p in self.heads.named_parameters() if p.requires_grad},
        }

    def state(self) -> dict[str, torch.Tensor]:
        """The live tensors by their flat names."""
        return {
            **{f"network.{name}": tensor for name, tensor in self.network.state_dict().items()},
            **{f"losses.{name}": tensor for name, tensor in self.heads.state_dict().items()},
        }

    def _loss_setup(self, auxiliary: AuxiliaryConfig, data: ImageData) -> Callable[[str], LossSetup]:
        """Setup of a loss by its name: which others are switched on does not touch its first weights."""
        return lambda name: LossSetup(
            auxiliary, data.train, self.network.hidden_size, generator(child_seed(self.seed, "loss", name))
        )


def active_losses(
    section: LossSection, setup: Callable[[str], object]
) -> dict[str, tuple[float, Callable[..., torch.Tensor]]]:
    """(weight, loss) by name of every loss of a section switched on; one at 0 is not even imported.

    setup: name -> what a loss that is a class is made with; asked only for those.
    """
    active: dict[str, tuple[float, Callable[..., torch.Tensor]]] = {}
    for name, config in section.active().items():
        loss = config.load_implementation()
        active[name] = (getattr(section, name), loss(setup(name)) if isinstance(loss, type) else loss)
    return active
