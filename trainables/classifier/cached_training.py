"""A classifier's training through the stage cache, in steps of a few seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor

from trainables.classifier.training_loop import Metrics
from trainables.errors import TrialDiverged
from trainables.networks.network import Network
from trainables.stages.cache import Entry
from trainables.stages.runner import StageRunner


class Trainer(Protocol):
    """A training that can be stopped, kept and continued after any epoch."""

    epoch: int

    @property
    def network(self) -> Network:
        """The classifier in training."""

    def train_epoch(self) -> float:
        """One pass over the train images; the mean loss."""

    def evaluate(self) -> Metrics:
        """The classifier's metrics on the val images."""

    def state_tensors(self) -> dict[str, Tensor]:
        """Copies of all that the next epoch depends on."""

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from such a state."""


class CachedTraining:
    """A trainer, its metrics after each epoch, and the key of what it is after so many epochs."""

    def __init__(
        self,
        trainer: Trainer,
        stages: StageRunner,
        key: Callable[[int], str],
        epochs_per_step: int,
        stage: str = "classifier",
    ) -> None:
        """`stage` is whose hits and misses of the cache its steps count as."""
        self._stage = stage
        self.trainer = trainer
        self.key_at = key
        self.history: list[Metrics] = []
        self._stages = stages
        self._epochs_per_step = epochs_per_step

    @property
    def epoch(self) -> int:
        """The number of epochs that are behind the classifier."""
        return len(self.history)

    @property
    def key(self) -> str:
        """Cache key of the classifier as it is now."""
        return self.key_at(self.epoch)

    def advance(self, goal: int) -> list[Metrics]:
        """Train to the next multiple of the step size or to `goal`; the metrics of the new epochs."""
        start, size = self.epoch, self._epochs_per_step
        stop = min(goal, (start // size + 1) * size)
        entry = self._stages.run(self._stage, self.key_at(stop), lambda: self._train_to(stop))
        if self.trainer.epoch != stop:
            self.trainer.load_state_tensors(entry.tensors)
        self.history = list(entry.meta["history"])
        return self.history[start:]

    def _train_to(self, epoch: int) -> Entry:
        history = list(self.history)
        while self.trainer.epoch < epoch:
            self.trainer.train_epoch()
            history.append(finite(self.trainer.evaluate(), self.trainer.epoch))
        return Entry(self.trainer.state_tensors(), {"history": history})


def finite(metrics: Metrics, epoch: int) -> Metrics:
    """The metrics themselves; TrialDiverged, naming the first that is not finite."""
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise TrialDiverged(f"{name} is {value} after epoch {epoch}")
    return metrics
