"""How a trial's classifier gets to where the features of a rung are fitted; the kinds of `loop`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from trainables.config import TrialConfig
from trainables.data.dataset import ImageData
from trainables.model.activation_cache import HiddenActivations
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import Network
from trainables.stages.fitting import fit_features
from trainables.stages.runner import StageRunner

Metrics = dict[str, float]


@dataclass(frozen=True)
class LoopSetup:
    """What a course is told of its trial.

    classifier_settings: all that decides a plain classifier but how far it is trained;
    epochs, sae_epochs, loop_epochs: of the classifier, of the SAE and of what the loop trains beyond them
    (0 for loops without epochs of their own) at each rung; epochs_per_step: the most that one step trains.
    """

    config: TrialConfig
    data: ImageData
    stages: StageRunner
    device: torch.device
    classifier_settings: Mapping[str, Any]
    epochs: tuple[int, ...]
    sae_epochs: tuple[int, ...]
    loop_epochs: tuple[int, ...]
    epochs_per_step: int

    @property
    def classifier_seed(self) -> int:
        """Seed of every training of this trial's classifier that starts from nothing."""
        return self.stages.seed("classifier")


class ClassifierLoop:
    """A classifier on its way. What `advance` does follows from the setting and the state alone.

    history: the classifier's metrics after each epoch of training so far, in whichever network.
    """

    history: list[Metrics]

    def __init__(self, setting: LoopSetup) -> None:
        self.setting = setting
        self.history = []

    @property
    def network(self) -> Network:
        """The classifier as it is now."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Cache key of the classifier as it is now."""
        raise NotImplementedError

    def arrived(self, rung: int) -> bool:
        """Whether the features of `rung` (from 1) can be fitted."""
        raise NotImplementedError

    def advance(self, rung: int) -> None:
        """Train one step's worth towards `rung`; the history grows by at least one epoch."""
        raise NotImplementedError

    def features(self, rung: int, hidden: HiddenActivations) -> FeatureModel:
        """Basis and SAE at `rung`, which has arrived; hidden: activations of the classifier as it is now.

        Fitted afresh through the cache, unless a loop has trained an SAE itself.
        """
        model, _ = fit_features(
            self.setting.stages,
            self.setting.config,
            self.setting.sae_epochs[rung - 1],
            self.network,
            lambda: hidden.train,
            self.key,
        )
        return model

    def tensors(self) -> dict[str, Tensor]:
        """Copies of all tensors that the next step depends on."""
        raise NotImplementedError

    def facts(self) -> dict[str, Any]:
        """The rest of the state, as JSON can hold it."""
        raise NotImplementedError

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from another course's state, which had the same setting."""
        raise NotImplementedError


def part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, by what follows it."""
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All of them, with a prefix."""
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}
