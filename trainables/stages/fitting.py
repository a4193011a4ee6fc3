"""The stages of a trial, each with its own seed and cache key, each through the cache.

A stage's seed follows from the study's seed and the trial's replicate; its key adds the stage's own
settings, how far it runs, the keys of the stages it reads, its VERSION and the device. Trials that agree
up to a stage therefore share it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.bases.basis import Basis
from trainables.batches import in_batches
from trainables.config import TrialConfig
from trainables.model.feature_model import FeatureModel
from trainables.networks.network import Network
from trainables.sae_training.request import SaeRequest, SaeResult, result_of
from trainables.sae_training.steps.choice import takes_compiled_steps
from trainables.saes.shell import sae_from
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.basis import BasisConfig
from trainables.settings.sae import SaeTrainingConfig
from trainables.stages.cache import Entry
from trainables.stages.runner import StageRunner

# Bounds the memory of a convolutional network's activations.


def fit_basis(
    stages: StageRunner,
    config: BasisConfig,
    hidden: Callable[[], Tensor],
    hidden_size: int,
    classifier_key: str,
) -> tuple[Basis, str]:
    """Basis of the train activations h (n, d), which are computed only if needed; and its key."""
    key = stages.key("basis", config.identity(), 0, classifier_key)
    basis_class: type[Basis] = config.load_implementation()

    def fit() -> Entry:
        return Entry(dict(basis_class.fit(hidden(), config, stages.seed("basis")).state_dict()))

    # Built from the entry's tensors in every case, so that a hit and a miss cannot differ.
    basis: Basis = config.load_implementation()(config, hidden_size)
    basis.load_state_dict(stages.run("basis", key, fit).tensors)
    return basis.to(stages.device), key


@dataclass(frozen=True)
class SaeTask:
    """An SAE that somebody needs: whose hit or miss it counts as, its cache key, and how it is trained."""

    stage: str
    key: str
    request: Callable[[], SaeRequest]


def sae_task(
    stages: StageRunner,
    config: SaeTrainingConfig,
    epochs: int,
    basis: Basis,
    hidden: Callable[[], Tensor],
    basis_key: str,
) -> SaeTask:
    """The config's SAE, trained for `epochs` on the basis' outputs y (n, r) of the train activations."""

    def request() -> SaeRequest:
        return SaeRequest(config, basis.encode(hidden()), epochs, stages.seed("sae"))

    return SaeTask("sae", sae_key(stages, config, epochs, basis_key), request)


def run_sae_task(stages: StageRunner, task: SaeTask, config: SaeTrainingConfig) -> SparseAutoencoder:
    """The task's SAE, for reading only. Raises TrialDiverged."""

    def train() -> Entry:
        (outcome,) = stages.train_saes([task.request()], stages.device)
        return sae_entry(result_of(outcome))

    sae = sae_from(config, stages.run(task.stage, task.key, train).tensors)
    return sae.requires_grad_(False).eval().to(stages.device)


def sae_entry(result: SaeResult) -> Entry:
    """What the cache keeps of a trained SAE."""
    meta = {"history": list(result.history), "rare": result.rare, "merged": result.merged}
    return Entry(dict(result.sae.state_dict()), meta)


def fit_sae(
    stages: StageRunner,
    config: SaeTrainingConfig,
    epochs: int,
    basis: Basis,
    hidden: Callable[[], Tensor],
    basis_key: str,
) -> SparseAutoencoder:
    """The SAE of `sae_task`."""
    task = sae_task(stages, config, epochs, basis, hidden, basis_key)
    return run_sae_task(stages, task, config)


def sae_key(stages: StageRunner, config: SaeTrainingConfig, epochs: int, basis_key: str) -> str:
    """Key of the config's SAE after `epochs` on a basis; how its steps are taken decides its last digits."""
    compiled = takes_compiled_steps(config, stages.device)
    settings = {"compiled": compiled, **config.identity("epochs")}
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


def hidden_activations(network: Network, images: Tensor, device: torch.device) -> Tensor:
    """h (n, d) of images (n, h, w), on `device`."""
    network.eval()
    return in_batches(lambda part: network.hidden(part.to(device)), images)
