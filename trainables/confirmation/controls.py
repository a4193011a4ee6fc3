"""What a trained pipeline is shown beside: the same scores of codes that took no, or another, training.

Each control is a classifier with codes, as the metrics read them:

    identity           z = h: the neurons themselves. d latents, nothing lost.
    pca                z = (relu(y), relu(-y)), y = E^T (h - mean) with as many components as the pipeline's
                       L0, so that equally many codes are non-zero per image. 2k latents.
    random_dictionary  the same SAE, its decoder frozen at its random first directions; encoder and biases
                       learn
    untrained          a classifier at first weights, with basis and SAE trained on its activations

A score that these reach as well is no achievement of the training: frozen decoders come within a few
hundredths of trained ones in several published scores (Korznikov et al. 2026, arXiv 2602.14111), and so do
SAEs of random networks (Heap et al. 2025, arXiv 2501.17727).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.bases.affine import mean_and_covariance, principal_components
from trainables.bases.basis import Basis
from trainables.batches import in_batches
from trainables.config import TrialConfig
from trainables.model.feature_model import FeatureModel
from trainables.model.interface import SupportsFeatures
from trainables.networks.network import Network, build_network
from trainables.sae_training.request import SaeRequest
from trainables.seeds import generator
from trainables.stages.fitting import SaeTask, fit_basis, run_sae_task, sae_task
from trainables.stages.runner import VERSIONS, StageRunner
from trainables.storage import tensor_folder


class Neurons:
    """The hidden units as codes: z = u = h >= 0, decoded as they are."""

    def __init__(self, model: FeatureModel) -> None:
        self.hidden, self.head = model.hidden, model.head

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, d), of h (b, d)."""
        return h, h

    def decode(self, z: Tensor) -> Tensor:
        """h (b, d) of z (b, d)."""
        return z


class SignedComponents:
    """k principal components of h, each as two codes, one a sign: k of 2k are non-zero.

    u = (y, -y), z = relu(u), h^ = E (z+ - z-) + mean; E (d, k) has orthonormal columns.
    """

    def __init__(self, model: FeatureModel, h_train: Tensor, components: int) -> None:
        self.hidden, self.head = model.hidden, model.head
        mean, covariance = mean_and_covariance(h_train)
        directions = principal_components(covariance)[1][:, : max(1, min(components, h_train.shape[1]))]
        self._mean, self._directions = mean.to(h_train), directions.to(h_train)

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """u and z, both (b, 2k), of h (b, d)."""
        y = (h - self._mean) @ self._directions
        u = torch.cat([y, -y], dim=1)
        return u, u.relu()

    def decode(self, z: Tensor) -> Tensor:
        """h^ (b, d) of z (b, 2k)."""
        positive, negative = z.chunk(2, dim=1)
        return (positive - negative) @ self._directions.T + self._mean


@dataclass(frozen=True)
class Trained:
    """A pipeline at the end of its training, and what it was trained from."""

    config: TrialConfig
    model: FeatureModel
    stages: StageRunner
    images: Tensor  # (n, h, w), train
    n_classes: int
    data_key: str
    l0: float
    """Mean number of non-zero codes, which `pca` is given as well."""

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


def build_control(name: str, trained: Trained) -> SupportsFeatures:
    """The control `name` of `scored.CONTROLS`. Raises TrialDiverged if its training does."""
    return _BUILDERS[name](trained)


def twin(trained: Trained) -> FeatureModel:
    """The pipeline with an SAE that differs in its seed alone.

    Stability is measured between these two: directions in the hidden layers of two classifiers have no
    common axes, so SAEs of two replicates cannot be compared by the cosine of their decoder rows.
    """
    sae = run_sae_task(trained.stages, _twin_task(trained), trained.config.sae)
    return FeatureModel(trained.model.classifier, trained.model.basis, sae)


def _identity(trained: Trained) -> SupportsFeatures:
    return Neurons(trained.model)


def _pca(trained: Trained) -> SupportsFeatures:
    return SignedComponents(
        trained.model, in_batches(trained.model.classifier.hidden, trained.images), round(trained.l0)
    )


def _random_dictionary(trained: Trained) -> SupportsFeatures:
    sae = run_sae_task(trained.stages, _frozen_task(trained), trained.config.sae)
    return FeatureModel(trained.model.classifier, trained.model.basis, sae)


def _untrained(trained: Trained) -> SupportsFeatures:
    network, basis, task = _untrained_task(trained)
    sae = run_sae_task(trained.stages, task, trained.config.sae)
    return FeatureModel(network, basis, sae)


_BUILDERS: dict[str, Callable[[Trained], SupportsFeatures]] = {
    "identity": _identity,
    "pca": _pca,
    "random_dictionary": _random_dictionary,
    "untrained": _untrained,
}


def sae_tasks(trained: Trained) -> list[SaeTask]:
    """All SAEs that scoring the pipeline and its controls takes beside the pipeline's own: of one shape, as
    long as both bases have equally many components."""
    return [_twin_task(trained), _frozen_task(trained), _untrained_task(trained)[2]]


def _twin_task(trained: Trained) -> SaeTask:
    return _task(trained, "twin", trained.stages.seed("sae twin"), frozen_decoder=False)


def _frozen_task(trained: Trained) -> SaeTask:
    # The pipeline's own seed: the frozen rows are the very directions that its decoder began with.
    return _task(trained, "frozen decoder", trained.stages.seed("sae"), frozen_decoder=True)


def _task(trained: Trained, what: str, seed: int, *, frozen_decoder: bool) -> SaeTask:
    config, model = trained.config.sae, trained.model

    def request() -> SaeRequest:
        y = model.basis.encode(in_batches(model.classifier.hidden, trained.images))
        return SaeRequest(config, y, config.epochs, seed, frozen_decoder)

    return SaeTask("control", trained.key(what), request)


def _untrained_task(trained: Trained) -> tuple[Network, Basis, SaeTask]:
    network = trained.untrained_network()
    config, stages = trained.config, trained.stages
    hidden = _lazily(lambda: in_batches(network.hidden, trained.images))
    basis, key = fit_basis(stages, config.basis, hidden, network.hidden_size, trained.key("untrained"))
    return network, basis, sae_task(stages, config.sae, config.sae.epochs, basis, hidden, key)


def _lazily(compute: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """`compute`, called at most once."""
    results: list[Tensor] = []

    def result() -> Tensor:
        if not results:
            results.append(compute())
        return results[0]

    return result
