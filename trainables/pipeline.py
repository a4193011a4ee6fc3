"""One trial from its first gradient step to its last metric, in steps that can be broken off and resumed.

For each rung: steps that train the classifier up to the rung's epochs (it continues from the rung
before), then one step that fits basis and SAE afresh on the train activations, for the rung's share
of the SAE's epochs, and measures the whole. What a step does follows from (config, data, plan, epoch,
rung) alone, so a restored trial takes the same one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainables import checkpoint, sealed
from trainables.classifier_training import ClassifierTrainer
from trainables.config import TrialConfig
from trainables.dataset import ImageData
from trainables.errors import TrialDiverged
from trainables.feature_model import PREFIX as MODEL_PREFIX
from trainables.feature_model import FeatureModel, load_feature_model
from trainables.fidelity import rung_epochs
from trainables.metrics.evaluate import measured_rung_metrics
from trainables.metrics.evaluate_final import final_metrics, mean_codes
from trainables.metrics.measured import measure
from trainables.metrics.references import rung_references
from trainables.metrics.references_final import final_references
from trainables.networks.network import build_network
from trainables.seeds import generator
from trainables.stage_cache import Entry, StageCache
from trainables.stages import VERSIONS, StageRunner, fit_basis, fit_sae, references

# About what a step of classifier training goes through: a few seconds on MNIST, a whole rung on digits.
IMAGES_PER_STEP = 100_000
# Bounds the memory of a convolutional network's activations.
HIDDEN_BATCH = 8192
CHECKPOINT_FORMAT = 1
TRAINER_PREFIX = "trainer."
# Where in the trial's folder a finished trial leaves its mean codes, read with `sealed.read`.
MEAN_CODES = "mean_codes"


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


@dataclass(frozen=True)
class Restored:
    """Where a checkpoint left off: the step that it followed, and what `save` returned for it."""

    step: Step
    record: dict[str, str]


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
        self.config, self.data, self.plan = config, data, plan
        self.device = torch.device(device)
        self._stages = StageRunner(plan.study_seed, config.replicate, cache, self.device)
        self.rung = 0
        self.history: list[dict[str, float]] = []
        self.model: FeatureModel | None = None
        self._mean_codes: dict[str, Tensor] | None = None
        self._last_step: Step | None = None
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
            self._stages.seed("classifier", self._classifier_settings),
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

    @property
    def next_rung(self) -> int | None:
        """The rung whose basis and SAE come next; None while the classifier is not yet trained for it."""
        if self.done or self.epoch < self._classifier_rungs[self.rung]:
            return None
        return self.rung + 1

    @property
    def last_step(self) -> Step | None:
        """The step taken or restored last; None before the first."""
        return self._last_step

    def step(self) -> Step:
        """Take the next step. Raises TrialDiverged; the pipeline is then of no further use."""
        if self.done:
            raise RuntimeError("the trial is done; there is no further step")
        self._last_step = self._train_classifier() if self.next_rung is None else self._finish_rung()
        return self._last_step

    def save(self, folder: Path) -> dict[str, str]:
        """Checkpoint into the trial's `folder`; what the ledger records of it.

        When the trial is done its mean codes per class and cluster are left beside it, in `MEAN_CODES`.
        """
        tensors = {
            f"{TRAINER_PREFIX}{name}": tensor for name, tensor in self._trainer.state_tensors().items()
        }
        if self.model is not None:
            tensors |= {f"{MODEL_PREFIX}{name}": tensor for name, tensor in self.model.tensors().items()}
        if self._mean_codes is not None:
            sealed.write(folder / MEAN_CODES, self._mean_codes, {"identity": self._identity()})
        meta = {
            "format": CHECKPOINT_FORMAT,
            "identity": self._identity(),
            "config": self.config.model_dump(),
            "image_shape": list(self.data.image_shape),
            "n_classes": self.data.n_classes,
            "epoch": self.epoch,
            "rung": self.rung,
            "history": self.history,
            "step": None if self._last_step is None else asdict(self._last_step),
        }
        return checkpoint.save(folder, tensors, meta)

    def restore(self, folder: Path) -> Restored | None:
        """Go to the newest whole checkpoint of this very trial in `folder`; None if there is none.

        The step before it comes back too: who took it may have died before anybody heard of it.
        """
        found = checkpoint.load_newest(folder)
        if found is None or found.meta.get("identity") != self._identity():
            return None
        tensors, meta = found.tensors, found.meta
        self._trainer.load_state_tensors(
            {
                name.removeprefix(TRAINER_PREFIX): t
                for name, t in tensors.items()
                if name.startswith(TRAINER_PREFIX)
            }
        )
        self.history = list(meta["history"])
        self.rung = meta["rung"]
        self.model = load_feature_model(tensors, meta, self.device) if self.done else None
        if meta["step"] is None:
            return None
        self._last_step = _step_from(meta["step"])
        return Restored(self._last_step, found.record)

    def _train_classifier(self) -> Step:
        """Train to the next multiple of the step size or to the rung, whichever comes first."""
        start = self.epoch
        per_step = max(1, IMAGES_PER_STEP // len(self.data.train))
        stop = min(self._classifier_rungs[self.rung], (start // per_step + 1) * per_step)
        entry = self._stages.run(self._classifier_key(stop), lambda: self._train_to(stop))
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
        config, network, hidden = self.config, self._trainer.network.eval(), _Once(self._train_activations)
        basis, basis_key = fit_basis(
            self._stages, config.basis, hidden, network.hidden_size, self._classifier_key(self.epoch)
        )
        sae = fit_sae(self._stages, config.sae, self._sae_rungs[self.rung], basis, hidden, basis_key)
        model = FeatureModel(network, basis, sae)
        metrics = {**self.history[-1], **self._measure(model)}
        _finite(metrics, self.epoch)
        self.rung += 1
        self.model = model if self.done else None
        return Step((), self.epoch, self.rung, metrics, self.done)

    def _measure(self, model: FeatureModel) -> dict[str, float]:
        """The rung's metrics; nulls and references come from trials that share the classifier, if any."""
        seed, train, val = self._stages.seed("metrics", {}), self.data.train, self.data.val
        measured = measure(
            model,
            train.images.to(self.device),
            train.labels.to(self.device),
            val.images.to(self.device),
            val.labels.to(self.device),
        )
        activations, key = measured.activations, self._classifier_key(self.epoch)
        rung = references(
            self._stages, "rung", seed, key, lambda: rung_references(activations, self._untrained(), seed)
        )
        metrics = measured_rung_metrics(measured, rung, self.plan.score_parts, seed)
        if self.rung + 1 < self.plan.rungs:
            return metrics
        final = references(
            self._stages, "final", seed, key, lambda: final_references(activations, self._untrained(), seed)
        )
        self._mean_codes = mean_codes(measured, seed)
        return {**metrics, **final_metrics(measured, final, seed)}

    def _untrained(self) -> Callable[[Tensor], Tensor]:
        """The hidden layer of this architecture before any training, by weights of its own."""
        network = build_network(
            self.config.classifier,
            self.data.image_shape,
            self.data.n_classes,
            generator(self._stages.seed("untrained", self._classifier_settings)),
        )
        return network.to(self.device).hidden

    @torch.no_grad()
    def _train_activations(self) -> Tensor:
        """h (n, d) of all train images."""
        network = self._trainer.network.eval()
        parts = self.data.train.images.split(HIDDEN_BATCH)
        return torch.cat([network.hidden(images.to(self.device)) for images in parts])

    def _classifier_key(self, epoch: int) -> str:
        return self._stages.key("classifier", self._classifier_settings, epoch, self.data.key)

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


class _Once:
    """A function's result, computed on the first call."""

    def __init__(self, compute: Callable[[], Tensor]) -> None:
        self._compute = compute
        self._result: Tensor | None = None

    def __call__(self) -> Tensor:
        if self._result is None:
            self._result = self._compute()
        return self._result


def _finite(metrics: dict[str, float], epoch: int) -> dict[str, float]:
    for name, value in metrics.items():
        if not math.isfinite(value):
            raise TrialDiverged(f"{name} is {value} after epoch {epoch}")
    return metrics


def _step_from(fields: Mapping[str, Any]) -> Step:
    """The step that `dataclasses.asdict` and JSON made `fields` of."""
    reports = tuple(EpochReport(report["epoch"], report["metrics"]) for report in fields["reports"])
    return Step(reports, fields["epoch"], fields["rung"], fields["metrics"], fields["done"])
