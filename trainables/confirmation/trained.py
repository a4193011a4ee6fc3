"""A pipeline at the end of its training, and what panel members are built from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from trainables.batches import in_batches
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData
from trainables.model.activation_cache import HiddenActivations
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import Network, build_network
from trainables.sae_training.held import Held
from trainables.sae_training.request import SaeRequest
from trainables.seeds import generator
from trainables.settings.sae import SaeTrainingConfig, TopKSaeConfig
from trainables.stages.fitting import SaeTask, run_sae_task
from trainables.stages.runner import VERSIONS, StageRunner
from trainables.storage import tensor_folder

Result = TypeVar("Result")

# How long and how fast a control trains: as the trial's SAE. Its start is random, whatever the trial's was.
TRAINING = (
    *("epochs", "learning_rate_scale", "batch_size", "warmup", "decay", "auxk", "dead_window"),
    *("beta1", "beta2", "precision"),
)


@dataclass(frozen=True, eq=False)
class Trained:
    """The pipeline, its network's activations on train, and its size: what controls are given as well."""

    config: TrialConfig
    model: FeatureModel
    stages: StageRunner
    images: Tensor  # (n, h, w), train
    labels: Tensor  # (n,)
    n_classes: int
    data_key: str
    l0: float
    """Mean number of non-zero codes."""
    _done: dict[Any, Any] = field(default_factory=dict, repr=False)

    def once(self, compute: Callable[[Trained], Result]) -> Result:
        """`compute` of this pipeline, computed at most once however many members ask."""
        if compute not in self._done:
            self._done[compute] = compute(self)
        result: Result = self._done[compute]
        return result

    @property
    def hidden(self) -> Tensor:
        """Activations (n, d) of the trained network on train."""
        return self.once(_hidden)

    def activations(self, data: ImageData) -> HiddenActivations:
        """Of the trained network on both splits of `data`, once for all members that read it."""
        key = ("activations", data.key)
        if key not in self._done:
            hidden = self.model.classifier.hidden
            self._done[key] = HiddenActivations(
                self.hidden if data.train.images is self.images else in_batches(hidden, data.train.images),
                in_batches(hidden, data.val.images),
            )
        found: HiddenActivations = self._done[key]
        return found

    def kept(self, *what: object) -> dict[Any, Any]:
        """A place for what members share that have all of `what` in common."""
        place: dict[Any, Any] = self._done.setdefault(("kept", *what), {})
        return place

    @property
    def width(self) -> int:
        """Latents of the SAE as it is used: those that were pruned are no controls' either."""
        return len(self.model.sae.decoder)

    @property
    def k(self) -> int:
        """Codes an image that a control may have: the L0, rounded, at least 1."""
        return max(1, min(round(self.l0), self.width - 1))

    def sae_config(self) -> TopKSaeConfig:
        """An SAE of this size with exactly k codes an image, from a random start."""
        kept = {name: getattr(self.config.sae, name) for name in TRAINING}
        return TopKSaeConfig(width=max(2, self.width), k=self.k, **kept)

    def untrained_network(self) -> Network:
        """The classifier at first weights that nothing trained; the same for every call."""
        seed = self.stages.seed("untrained control")
        shape = (int(self.images.shape[1]), int(self.images.shape[2]))
        network = build_network(self.config.classifier, shape, self.n_classes, generator(seed))
        return network.requires_grad_(False).eval().to(self.stages.device)

    def key(self, what: str) -> str:
        """Cache key for inputs that follow from this trial alone."""
        decisive = {
            "what": what,
            "config": self.config.model_dump(),
            "data": self.data_key,
            "study_seed": self.stages.study_seed,
            "versions": VERSIONS,
        }
        return tensor_folder.digest(tensor_folder.canonical_json(decisive))

    def task(self, what: str, config: SaeTrainingConfig, seed: int, held: Held = "nothing") -> SaeTask:
        """An SAE on the trained network's activations in the trial's basis."""

        def request() -> SaeRequest:
            return SaeRequest(config, self.once(_basis_outputs), config.epochs, seed, held)

        return SaeTask("control", self.key(f"{what}, {config.model_dump_json()}"), request)

    def held_task(self, held: Held) -> SaeTask:
        """A control's SAE, a part of it kept at its start; all controls of one trial start alike."""
        return self.task(f"held {held}", self.sae_config(), self.stages.seed("sae"), held)

    def features(self, task: SaeTask, config: SaeTrainingConfig) -> FeatureModel:
        """The trained network and basis with the task's SAE. Raises TrialDiverged."""
        sae = run_sae_task(self.stages, task, config)
        return FeatureModel(self.model.classifier, self.model.basis, sae)


def twin(trained: Trained) -> FeatureModel:
    """The pipeline with an SAE that differs in its seed alone.

    Stability is measured between these two: directions in the hidden layers of two classifiers have no
    common axes, so SAEs of two replicates cannot be compared by the cosine of their decoder rows.
    """
    return trained.features(twin_task(trained), trained.config.sae)


def twin_task(trained: Trained) -> SaeTask:
    """The SAE of `twin`, of the trial's own kind and settings."""
    return trained.task("twin", trained.config.sae, trained.stages.seed("sae twin"))


@torch.no_grad()
def _hidden(trained: Trained) -> Tensor:
    return in_batches(trained.model.classifier.hidden, trained.images)


@torch.no_grad()
def _basis_outputs(trained: Trained) -> Tensor:
    return trained.model.basis.encode(trained.hidden)
