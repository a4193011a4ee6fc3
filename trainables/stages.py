"""The stages of a trial, each with its own seed and cache key, each through the cache.

A stage's seed follows from the study's seed and the trial's replicate; its key adds the stage's own
settings, how far it runs, the keys of the stages it reads, its VERSION and the device. Trials that agree
up to a stage therefore share it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from trainables import registry
from trainables.bases.basis import Basis
from trainables.config import TrialConfig
from trainables.feature_model import FeatureModel
from trainables.networks.network import Network
from trainables.sae_requests import SaeRequest, Trainer, train_here
from trainables.sae_training import SaeResult, result_of
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.saes.steps.choice import takes_compiled_steps
from trainables.seeds import stage_seed
from trainables.stage_cache import Entry, StageCache, stage_key

# Raise a stage's number when its code gives other results: older cache entries are then not found any more.
VERSIONS = {"classifier": 2, "cycle": 1, "basis": 2, "sae": 5, "references": 3}
# Bounds the memory of a convolutional network's activations.
HIDDEN_BATCH = 8192


@dataclass(frozen=True)
class StageRunner:
    """What the stages of one trial have in common."""

    study_seed: int
    replicate: int
    cache: StageCache | None
    device: torch.device
    train_saes: Trainer = train_here

    def seed(self, stage: str) -> int:
        """Seed of a stage, whatever its settings."""
        return stage_seed(self.study_seed, self.replicate, stage)

    def key(self, stage: str, settings: Mapping[str, Any], extent: int, *inputs: str) -> str:
        """Key of a stage's result after `extent` epochs (0 where a stage has none) on `inputs`."""
        return stage_key(
            stage,
            VERSIONS[stage],
            settings={"own": dict(settings), "extent": extent},
            inputs=inputs,
            seed=self.seed(stage),
            device=_device_kind(self.device),
        )

    def run(self, stage: str, key: str, compute: Callable[[], Entry]) -> Entry:
        """The result under `key`, computed if it is not cached; `stage` is whose hit or miss it counts as."""
        return compute() if self.cache is None else self.cache.get_or_compute(key, compute, stage)


def fit_basis(
    stages: StageRunner, config: Any, hidden: Callable[[], Tensor], hidden_size: int, classifier_key: str
) -> tuple[Basis, str]:
    """Basis of the train activations h (n, d), which are computed only if needed; and its key."""
    settings = config.model_dump()
    key = stages.key("basis", settings, 0, classifier_key)
    basis_class: type[Basis] = registry.load(registry.BASES, config.kind)

    def fit() -> Entry:
        return Entry(dict(basis_class.fit(hidden(), config, stages.seed("basis")).state_dict()))

    # Built from the entry's tensors in every case, so that a hit and a miss cannot differ.
    basis: Basis = registry.load(registry.BASES, config.kind)(config, hidden_size)
    basis.load_state_dict(stages.run("basis", key, fit).tensors)
    return basis.to(stages.device), key


@dataclass(frozen=True)
class SaeTask:
    """An SAE that somebody needs: whose hit or miss it counts as, its cache key, and how it is trained."""

    stage: str
    key: str
    request: Callable[[], SaeRequest]


def sae_task(
    stages: StageRunner, config: Any, epochs: int, basis: Basis, hidden: Callable[[], Tensor], basis_key: str
) -> SaeTask:
    """The config's SAE, trained for `epochs` on the basis' outputs y (n, r) of the train activations."""

    def request() -> SaeRequest:
        return SaeRequest(config, basis.encode(hidden()), epochs, stages.seed("sae"))

    return SaeTask("sae", sae_key(stages, config, epochs, basis_key), request)


def run_sae_task(stages: StageRunner, task: SaeTask, config: Any, rank: int) -> SparseAutoencoder:
    """The task's SAE of inputs y (n, rank), for reading only. Raises TrialDiverged."""

    def train() -> Entry:
        (outcome,) = stages.train_saes([task.request()], stages.device)
        return sae_entry(result_of(outcome))

    sae: SparseAutoencoder = registry.load(registry.SAES, config.kind)(config, rank)
    sae.load_state_dict(stages.run(task.stage, task.key, train).tensors)
    return sae.requires_grad_(False).eval().to(stages.device)


def sae_entry(result: SaeResult) -> Entry:
    """What the cache keeps of a trained SAE."""
    return Entry(dict(result.sae.state_dict()), {"history": list(result.history)})


def fit_sae(
    stages: StageRunner, config: Any, epochs: int, basis: Basis, hidden: Callable[[], Tensor], basis_key: str
) -> SparseAutoencoder:
    """The SAE of `sae_task`."""
    task = sae_task(stages, config, epochs, basis, hidden, basis_key)
    return run_sae_task(stages, task, config, basis.rank)


def sae_key(stages: StageRunner, config: Any, epochs: int, basis_key: str) -> str:
    """Key of the config's SAE after `epochs` on a basis; how its steps are taken decides its last digits."""
    compiled = takes_compiled_steps(config.kind, stages.device)
    settings = {"compiled": compiled, **config.model_dump(exclude={"epochs"})}
    return stages.key("sae", settings, epochs, basis_key)


def fit_features(
    stages: StageRunner,
    config: TrialConfig,
    sae_epochs: int,
    network: Network,
    hidden: Callable[[], Tensor],
    classifier_key: str,
) -> tuple[FeatureModel, str]:
    """Basis and SAE of the network as it is, over its activations h (n, d) on train images; the SAE's key.

    The model shares the network, which is put into evaluation mode.
    """
    basis, basis_key = fit_basis(stages, config.basis, hidden, network.hidden_size, classifier_key)
    sae = fit_sae(stages, config.sae, sae_epochs, basis, hidden, basis_key)
    key = sae_key(stages, config.sae, sae_epochs, basis_key)
    return FeatureModel(network.eval(), basis, sae), key


@torch.no_grad()
def hidden_activations(network: Network, images: Tensor, device: torch.device) -> Tensor:
    """h (n, d) of images (n, h, w), on `device`."""
    network.eval()
    return torch.cat([network.hidden(part.to(device)) for part in images.split(HIDDEN_BATCH)])


def references(
    stages: StageRunner, which: str, seed: int, classifier_key: str, compute: Callable[[], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """The nulls and references `which` of one classifier; no trial that shares it computes them again."""
    key = stages.key("references", {"which": which, "seed": seed}, 0, classifier_key)
    return stages.run("references", key, lambda: Entry(compute())).tensors


def _device_kind(device: torch.device) -> str:
    """Results differ in their last digits between kinds of device and versions of torch."""
    return f"{device.type}, torch {torch.__version__}"
