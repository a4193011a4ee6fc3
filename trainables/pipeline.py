"""One trial from its first gradient step to its last metric, in steps that can be broken off and resumed.

For each rung: steps that train the classifier up to the rung's epochs (it continues from the rung
before), then one step that fits basis and SAE afresh on the train activations, for the rung's share
of the SAE's epochs, and measures the whole. What a step does follows from (config, data, plan, epoch,
rung) alone, so a restored trial takes the same one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainables import checkpoint, registry, sealed
from trainables.bases.basis import Basis
from trainables.classifier_training import ClassifierTrainer
from trainables.config import TrialConfig
from trainables.dataset import ImageData
from trainables.errors import TrialDiverged
from trainables.feature_model import FeatureModel
from trainables.fidelity import rung_epochs
from trainables.metrics.evaluate import rung_metrics
from trainables.networks.network import build_network
from trainables.sae_training import train_sae
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.seeds import generator, stage_seed
from trainables.stage_cache import Entry, StageCache, stage_key

# About what a step of classifier training goes through: a few seconds on MNIST, a whole rung on digits.
IMAGES_PER_STEP = 100_000
# Bounds the memory of a convolutional network's activations.
HIDDEN_BATCH = 8192
# Raise a stage's number when its code gives other results: older cache entries are then not found any more.
VERSIONS = {"classifier": 1, "basis": 1, "sae": 1}
CHECKPOINT_FORMAT = 1


@dataclass(frozen=True)
class Plan:
    """What all trials of a study have in common."""

    study_seed: int
    rungs: int
    reduction_factor: int
    score_parts: tuple[str, ...]


@dataclass(frozen=True)
class EpochReport:
    """The classifier's metrics after `epoch` epochs."""

    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Step:
    """What one step did. `rung` (from 1) and the whole set of metrics come with the step that ends a rung;
    other steps have rung None and the metrics of their last epoch."""

    reports: tuple[EpochReport, ...]
    epoch: int
    rung: int | None
    metrics: dict[str, float]
    done: bool


class Pipeline:
    """A trial between two steps: the classifier's trainer, its history, and the number of rungs passed."""

    def __init__(
        self,
        config: TrialConfig,
        data: ImageData,
        plan: Plan,
        *,
        cache: StageCache | None,
        device: torch.device | str,
    ) -> None:
        self.config, self.data, self.plan, self.cache = config, data, plan, cache
        self.device = torch.device(device)
        self.rung = 0
        self.history: list[dict[str, float]] = []
        self.model: FeatureModel | None = None
        self._classifier_rungs = rung_epochs(config.classifier.epochs, plan.rungs, plan.reduction_factor)
        self._sae_rungs = rung_epochs(config.sae.epochs, plan.rungs, plan.reduction_factor)
        self._classifier_settings = {
            **config.classifier.model_dump(exclude={"epochs"}),
            "auxiliary": config.auxiliary.model_dump(),
        }
        self._trainer = ClassifierTrainer(
            config.classifier,
            config.auxiliary,
            data,
            self._seed("classifier", self._classifier_settings),
            self.device,
        )

    @property
    def epoch(self) -> int:
        """Classifier epochs behind it."""
        return len(self.history)

    @property
    def done(self) -> bool:
        """Whether the last rung is passed."""
        return self.rung == self.plan.rungs

    def step(self) -> Step:
        """Take the next step. Raises TrialDiverged; the pipeline is then of no further use."""
        if self.done:
            raise RuntimeError("the trial is done; there is no further step")
        if self.epoch < self._classifier_rungs[self.rung]:
            return self._train_classifier()
        return self._finish_rung()

    def save(self, folder: Path) -> dict[str, str]:
        """Checkpoint into the trial's `folder`; what the ledger records of it."""
        tensors = {f"classifier.{name}": tensor for name, tensor in self._trainer.state_tensors().items()}
        if self.model is not None:
            tensors |= {f"model.{name}": tensor for name, tensor in self.model.tensors().items()}
        meta = {
            "format": CHECKPOINT_FORMAT,
            "identity": self._identity(),
            "config": self.config.model_dump(),
            "image_shape": list(self.data.image_shape),
            "n_classes": self.data.n_classes,
            "epoch": self.epoch,
            "rung": self.rung,
            "history": self.history,
        }
        return checkpoint.save(folder, tensors, meta)

    def restore(self, folder: Path) -> bool:
        """Go to the newest whole checkpoint of this very trial in `folder`; False if there is none."""
        found = checkpoint.load_newest(folder)
        if found is None or found[1].get("identity") != self._identity():
            return False
        tensors, meta = found
        self._trainer.load_state_tensors(_under("classifier.", tensors))
        self.history = list(meta["history"])
        self.rung = meta["rung"]
        self.model = load_feature_model(tensors, meta, self.device) if self.done else None
        return True

    def _train_classifier(self) -> Step:
        """Train to the next multiple of the step size or to the rung, whichever comes first."""
        start = self.epoch
        per_step = max(1, IMAGES_PER_STEP // len(self.data.train))
        stop = min(self._classifier_rungs[self.rung], (start // per_step + 1) * per_step)
        entry = self._through_cache(self._classifier_key(stop), lambda: self._train_to(stop))
        if self._trainer.epoch != stop:
            self._trainer.load_state_tensors(entry.tensors)
        self.history = list(entry.meta["history"])
        reports = tuple(EpochReport(epoch, self.history[epoch - 1]) for epoch in range(start + 1, stop + 1))
        return Step(reports, stop, None, dict(reports[-1].metrics), done=False)

    def _train_to(self, epoch: int) -> Entry:
        history = list(self.history)
        while self._trainer.epoch < epoch:
            self._trainer.train_epoch()
            history.append(_finite(self._trainer.evaluate(), self._trainer.epoch))
        return Entry(self._trainer.state_tensors(), {"history": history})

    def _finish_rung(self) -> Step:
        """Fit basis and SAE on the classifier as it is now, and measure."""
        basis, sae = self._fit_features(self._sae_rungs[self.rung])
        network = self._trainer.network.eval()
        model = FeatureModel(network, basis, sae)
        untrained = build_network(
            self.config.classifier,
            self.data.image_shape,
            self.data.n_classes,
            generator(self._seed("untrained", self._classifier_settings)),
        ).to(self.device)
        train, val = self.data.train, self.data.val
        metrics = rung_metrics(
            model,
            untrained.hidden,
            train.images.to(self.device),
            train.labels.to(self.device),
            val.images.to(self.device),
            val.labels.to(self.device),
            score_parts=self.plan.score_parts,
            seed=self._seed("metrics", {}),
            classifier_metrics=self.history[-1],
        )
        _finite(metrics, self.epoch)
        self.rung += 1
        self.model = model if self.done else None
        return Step((), self.epoch, self.rung, metrics, self.done)

    def _fit_features(self, sae_epochs: int) -> tuple[Basis, SparseAutoencoder]:
        """Basis and SAE of the present classifier, each through the cache."""
        config = self.config
        hidden = _Once(self._train_activations)

        basis_settings = config.basis.model_dump()
        basis_seed = self._seed("basis", basis_settings)
        basis_class = registry.load(registry.BASES, config.basis.kind)
        basis_key = self._key("basis", basis_settings, basis_seed, self._classifier_key(self.epoch))
        fitted = self._through_cache(
            basis_key, lambda: Entry(dict(basis_class.fit(hidden(), config.basis, basis_seed).state_dict()))
        )
        basis: Basis = basis_class(config.basis, self._trainer.network.hidden_size).to(self.device)
        basis.load_state_dict(fitted.tensors)

        sae_settings = config.sae.model_dump(exclude={"epochs"})
        sae_seed = self._seed("sae", sae_settings)
        sae_key = self._key("sae", {**sae_settings, "epochs": sae_epochs}, sae_seed, basis_key)

        def train() -> Entry:
            result = train_sae(
                config.sae, basis.encode(hidden()), epochs=sae_epochs, seed=sae_seed, device=self.device
            )
            return Entry(dict(result.sae.state_dict()), {"history": list(result.history)})

        trained = self._through_cache(sae_key, train)
        sae: SparseAutoencoder = registry.load(registry.SAES, config.sae.kind)(config.sae, basis.rank)
        sae.load_state_dict(trained.tensors)
        return basis, sae.requires_grad_(False).eval().to(self.device)

    @torch.no_grad()
    def _train_activations(self) -> Tensor:
        """h (n, d) of all train images."""
        network = self._trainer.network.eval()
        parts = self.data.train.images.split(HIDDEN_BATCH)
        return torch.cat([network.hidden(images.to(self.device)) for images in parts])

    def _through_cache(self, key: str, compute: Callable[[], Entry]) -> Entry:
        return compute() if self.cache is None else self.cache.get_or_compute(key, compute)

    def _classifier_key(self, epoch: int) -> str:
        settings = {**self._classifier_settings, "epoch": epoch}
        return self._key(
            "classifier", settings, self._seed("classifier", self._classifier_settings), self.data.key
        )

    def _key(self, stage: str, settings: Mapping[str, Any], seed: int, *inputs: str) -> str:
        return stage_key(
            stage,
            VERSIONS[stage],
            settings=settings,
            inputs=inputs,
            seed=seed,
            device=_device_kind(self.device),
        )

    def _seed(self, stage: str, settings: Mapping[str, Any]) -> int:
        return stage_seed(self.plan.study_seed, self.config.replicate, stage, settings)

    def _identity(self) -> str:
        """sha256 over all that decides this trial's course."""
        decisive = {
            "config": self.config.model_dump(),
            "data": self.data.key,
            "plan": [
                self.plan.study_seed,
                self.plan.rungs,
                self.plan.reduction_factor,
                list(self.plan.score_parts),
            ],
            "versions": VERSIONS,
            "format": CHECKPOINT_FORMAT,
        }
        return sealed.digest(sealed.canonical_json(decisive))


def load_feature_model(
    tensors: Mapping[str, Tensor], meta: Mapping[str, Any], device: torch.device | str = "cpu"
) -> FeatureModel:
    """The model in a finished trial's checkpoint, as `checkpoint.load_newest` returns it.

    ValueError if the trial had not finished.
    """
    own = _under("model.", tensors)
    if not own:
        raise ValueError(
            f"the checkpoint at rung {meta['rung']} is not a finished trial's: it holds no model yet"
        )
    height, width = meta["image_shape"]
    config = TrialConfig.model_validate(meta["config"])
    return FeatureModel.from_tensors(config, (height, width), meta["n_classes"], own, device)


class _Once:
    """A function's result, computed on the first call."""

    def __init__(self, compute: Callable[[], Tensor]) -> None:
        self._compute = compute
        self._result: Tensor | None = None

    def __call__(self) -> Tensor:
        if self._result is None:
            self._result = self._compute()
        return self._result


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _finite(metrics: dict[str, float], epoch: int) -> dict[str, float]:
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise TrialDiverged(f"{name} is {value} after epoch {epoch}")
    return metrics


def _device_kind(device: torch.device) -> str:
    """Results differ in their last digits between kinds of device and versions of torch."""
    return f"{device.type}, torch {torch.__version__}"
