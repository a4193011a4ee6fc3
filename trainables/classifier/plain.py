"""No loop: one classifier that is trained on from rung to rung."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from trainables.classifier.cached_training import CachedTraining
from trainables.classifier.trainer import ClassifierTrainer
from trainables.classifier.training_loop import ClassifierLoop, LoopSetup, part, under
from trainables.networks.network import Network

TRAINER = "trainer."


class PlainLoop(ClassifierLoop):
    """The classifier of the config, its epochs at a rung reached by going on from the rung before."""

    def __init__(self, setting: LoopSetup) -> None:
        super().__init__(setting)
        config, stages = setting.config, setting.stages
        trainer = ClassifierTrainer(
            config.classifier, config.auxiliary, setting.data, setting.classifier_seed, setting.device
        )

        def key(epoch: int) -> str:
            return stages.key("classifier", setting.classifier_settings, epoch, setting.data.key)

        self._training = CachedTraining(trainer, stages, key, setting.epochs_per_step)

    @property
    def network(self) -> Network:
        """The classifier as it is now."""
        return self._training.trainer.network

    @property
    def key(self) -> str:
        """Cache key of the classifier as it is now."""
        return self._training.key

    def arrived(self, rung: int) -> bool:
        """Whether it has the epochs of `rung`."""
        return self._training.epoch >= self.setting.epochs[rung - 1]

    def advance(self, rung: int) -> None:
        """Train one step's worth towards `rung`."""
        self._training.advance(self.setting.epochs[rung - 1])
        self.history = self._training.history

    def tensors(self) -> dict[str, Tensor]:
        """The tensors of the trainer's state."""
        return under(TRAINER, self._training.trainer.state_tensors())

    def facts(self) -> dict[str, Any]:
        """The history of the epochs so far, as JSON."""
        return {"history": self.history}

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from the state of a course with the same setting."""
        self._training.trainer.load_state_tensors(part(tensors, TRAINER))
        self.history = self._training.history = list(facts["history"])
