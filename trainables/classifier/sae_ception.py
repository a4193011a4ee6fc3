"""SAE-ception: the codes of a classifier's SAE become targets of its next training, in cycles.

    cycle 0      the classifier as without a loop; it is continued from rung to rung
    cycle c      basis and SAE are fitted to the classifier of cycle c - 1; its codes give a target t_i for
                 every train image (`trainables.classifier.targets`); a classifier is trained with
                 cross entropy + auxiliary losses + weight * mean(1 - cos(h_i, t_i))

The features that a rung measures are fitted to the last cycle's classifier. Targets change from rung to
rung, so cycles cannot be continued: each starts afresh at each rung, with the rung's share of epochs in
the classifier and in the SAE. A cycle that starts from new weights has the seed of cycle 0: it differs
from it by its targets alone, and with weight 0 it is the same classifier, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from trainables.classifier.cached_training import CachedTraining
from trainables.classifier.plain import PlainLoop
from trainables.classifier.recycling import revive, units_to_revive
from trainables.classifier.targets import code_targets
from trainables.classifier.trainer import ClassifierTrainer
from trainables.classifier.training_loop import ClassifierLoop, LoopSetup, part, under
from trainables.losses.cosine_target import CosineTarget
from trainables.model.feature_model import FeatureModel
from trainables.networks.initial import initial_network
from trainables.networks.network import Network
from trainables.seeds import child_seed, generator
from trainables.settings.loop import SaeCeptionLoopConfig
from trainables.stages.fitting import fit_features, hidden_activations

PLAIN, TRAINER, FEATURES = "plain.", "cycle.trainer.", "cycle.features."


@dataclass(frozen=True)
class _Cycle:
    """One cycle of one rung: the features whose codes are its targets, their key, and its training."""

    rung: int
    number: int
    features: FeatureModel
    features_key: str
    training: CachedTraining


class SaeCeptionLoop(ClassifierLoop):
    """Cycle 0 up to the rung's epochs, then cycles 1, 2, ... of as many epochs each."""

    def __init__(self, setting: LoopSetup) -> None:
        super().__init__(setting)
        assert isinstance(setting.config.loop, SaeCeptionLoopConfig)
        self._loop = setting.config.loop
        self._plain = PlainLoop(setting)
        self._cycle: _Cycle | None = None

    @property
    def network(self) -> Network:
        """The classifier of the newest cycle."""
        return self._plain.network if self._cycle is None else self._cycle.training.trainer.network

    @property
    def key(self) -> str:
        """Cache key of the newest cycle's classifier as it is now."""
        return self._plain.key if self._cycle is None else self._cycle.training.key

    def arrived(self, rung: int) -> bool:
        """Whether the rung's last cycle has its epochs."""
        if self._n_cycles == 0:
            return self._plain.arrived(rung)
        cycle = self._cycle
        if cycle is None or (cycle.rung, cycle.number) != (rung, self._n_cycles):
            return False
        return self._full(cycle)

    def advance(self, rung: int) -> None:
        """Train one step's worth of the cycle that is on."""
        if not self._plain.arrived(rung):
            self._cycle = None
            start = len(self._plain.history)
            self._plain.advance(rung)
            self.history = self.history + self._plain.history[start:]
            return
        if self._cycle is None or self._cycle.rung != rung:
            # Rungs may have equal epochs; then cycle 0 is where it was, and the last rung's cycles are over.
            self._cycle = None
            self._cycle = self._opened(rung, 1)
        elif self._full(self._cycle):
            self._cycle = self._opened(rung, self._cycle.number + 1)
        self.history = self.history + self._cycle.training.advance(self.setting.epochs[rung - 1])

    def tensors(self) -> dict[str, Tensor]:
        """Cycle 0's, and the newest cycle's trainer with the features that it learns from."""
        tensors = under(PLAIN, self._plain.tensors())
        if self._cycle is not None:
            tensors |= under(TRAINER, self._cycle.training.trainer.state_tensors())
            tensors |= under(FEATURES, self._cycle.features.tensors())
        return tensors

    def facts(self) -> dict[str, Any]:
        """Histories, and where the newest cycle stands."""
        cycle = self._cycle
        return {
            "history": self.history,
            "plain": self._plain.facts(),
            "cycle": None
            if cycle is None
            else {
                "rung": cycle.rung,
                "number": cycle.number,
                "features_key": cycle.features_key,
                "history": cycle.training.history,
            },
        }

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from the state of a course with the same setting."""
        self._plain.restore(part(tensors, PLAIN), facts["plain"])
        self.history = list(facts["history"])
        self._cycle = None
        stood = facts["cycle"]
        if stood is None:
            return
        setting = self.setting
        features = FeatureModel.from_tensors(
            setting.config,
            setting.data.image_shape,
            setting.data.n_classes,
            part(tensors, FEATURES),
            setting.device,
        )
        training = self._training(stood["number"], features, stood["features_key"])
        training.trainer.load_state_tensors(part(tensors, TRAINER))
        training.history = list(stood["history"])
        self._cycle = _Cycle(stood["rung"], stood["number"], features, stood["features_key"], training)

    @property
    def _n_cycles(self) -> int:
        """0 where cycles could only train cycle 0's classifier over again."""
        idle = self._loop.weight == 0 and self._loop.start == "fresh"
        return 0 if idle else self._loop.cycles

    def _full(self, cycle: _Cycle) -> bool:
        return cycle.training.epoch >= self.setting.epochs[cycle.rung - 1]

    def _opened(self, rung: int, number: int) -> _Cycle:
        """A cycle before its first epoch, its features fitted to the classifier as it is now."""
        setting, images = self.setting, self.setting.data.train.images
        features, key = fit_features(
            setting.stages,
            setting.config,
            setting.sae_epochs[rung - 1],
            self.network,
            cache(partial(hidden_activations, self.network, images, setting.device)),
            self.key,
        )
        training = self._training(number, features, key)
        if self._loop.start == "continue":
            self._take_over(training.trainer.network, features.classifier, number)
        return _Cycle(rung, number, features, key, training)

    def _training(self, number: int, features: FeatureModel, features_key: str) -> CachedTraining:
        setting, loop = self.setting, self._loop
        settings = {
            **setting.classifier_settings,
            "loop": loop.model_dump(exclude={"cycles"}),
            "cycle": number,
        }
        seed = setting.classifier_seed
        if loop.start == "continue":
            seed = child_seed(seed, "cycle", number)

        def targets() -> Tensor:
            own = child_seed(setting.classifier_seed, "targets", number)
            return code_targets(loop, features, setting.data.train, setting.data.n_classes, own)

        def key(epoch: int) -> str:
            return setting.stages.key("cycle", settings, epoch, features_key)

        guide = CosineTarget(loop.weight, targets) if loop.weight > 0 else None
        config = setting.config
        trainer = ClassifierTrainer(
            config.classifier, config.auxiliary, setting.data, seed, setting.device, guide=guide
        )
        return CachedTraining(trainer, setting.stages, key, setting.epochs_per_step)

    @torch.no_grad()
    def _take_over(self, network: Network, before: Network, number: int) -> None:
        """Begin with the weights of the cycle before, some units started anew."""
        setting, which = self.setting, self._loop.reinitialise
        network.load_state_dict(before.state_dict())
        if which == "none":
            return
        data = setting.data
        hidden = hidden_activations(before, data.train.images, setting.device)
        units = units_to_revive(which, hidden, data.train.labels.to(setting.device), data.n_classes)
        seed = child_seed(setting.classifier_seed, "revive", number)
        fresh = initial_network(setting.config.classifier, data, generator(seed))
        revive(network, units, fresh)
