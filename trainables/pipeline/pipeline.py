"""One trial from its first gradient step to its last metric, in steps that can be broken off and resumed.

For each rung: steps that train the classifier up to the rung's epochs (it continues from the rung
before, and may go through cycles, see `trainables.loop`), then one step that fits basis and SAE afresh
on the train activations, for the rung's share of the SAE's epochs, and measures the whole. What a step
does follows from (config, data, plan, epoch, rung) alone, so a restored trial takes the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainables.classifier.cache_identity import classifier_settings
from trainables.classifier.cached_training import finite
from trainables.classifier.training_loop import ClassifierLoop, LoopSetup, part, under
from trainables.concepts.targets import Choice, provenance
from trainables.config import TrialConfig
from trainables.data.dataset import ImageData
from trainables.metrics.catalog import measured_at
from trainables.metrics.clusters import measured_mean_codes
from trainables.metrics.evaluate import evaluate
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import measure
from trainables.metrics.metric import Need, When
from trainables.model.activation_cache import ActivationCache, HiddenActivations
from trainables.model.feature_model import PREFIX as MODEL_PREFIX
from trainables.model.feature_model import FeatureModel, load_feature_model
from trainables.networks.initial import initial_network
from trainables.networks.network import Network
from trainables.pipeline.concepts import measured_concepts
from trainables.pipeline.fidelity import loop_epochs, rung_epochs
from trainables.pipeline.plan import Plan
from trainables.pipeline.step import EpochReport, Restored, Step, step_from
from trainables.sae_training.local import Trainer, train_here
from trainables.seeds import generator
from trainables.stages.cache import StageCache
from trainables.stages.fitting import hidden_activations
from trainables.stages.runner import VERSIONS, StageRunner, references, shared
from trainables.storage import checkpoint, tensor_folder

# About what a step of classifier training goes through: a few seconds on MNIST, a whole rung on digits.
IMAGES_PER_STEP = 100_000
CHECKPOINT_FORMAT = 2
LOOP_PREFIX = "course."
# Where in the trial's folder a finished trial leaves its mean codes, read with `tensor_folder.read`.
MEAN_CODES = "mean_codes"


class Pipeline:
    """A trial between two steps: the classifier's loop and the number of rungs passed."""

    def __init__(
        self,
        config: TrialConfig,
        data: ImageData,
        plan: Plan,
        *,
        cache: StageCache | None,
        device: torch.device | str,
        train_saes: Trainer = train_here,
        hidden: ActivationCache | None = None,
    ) -> None:
        """`hidden` is what a process keeps from trial to trial; None to keep nothing longer than a rung."""
        self.config, self.data, self.plan = config, data, plan
        self.device = torch.device(device)
        self._stages = StageRunner(plan.study_seed, config.replicate, cache, self.device, train_saes)
        self._memory = hidden or ActivationCache(most_bytes=0)
        self.rung = 0
        self.model: FeatureModel | None = None
        self._mean_codes: dict[str, Tensor] | None = None
        self._last_step: Step | None = None
        self._classifier_settings = classifier_settings(config)
        self._setup = LoopSetup(
            config,
            data,
            self._stages,
            self.device,
            self._classifier_settings,
            rung_epochs(config.classifier.epochs, plan.rungs, plan.reduction_factor),
            rung_epochs(config.sae.epochs, plan.rungs, plan.reduction_factor),
            loop_epochs(config, plan.rungs, plan.reduction_factor),
            epochs_per_step=max(1, IMAGES_PER_STEP // len(data.train)),
        )
        self._loop: ClassifierLoop = config.loop.load_implementation()(self._setup)

    @property
    def epoch(self) -> int:
        """Epochs of classifier training behind it, those of all cycles together."""
        return len(self._loop.history)

    @property
    def done(self) -> bool:
        """Whether the last rung is passed."""
        return self.rung == self.plan.rungs

    @property
    def next_rung(self) -> int | None:
        """The rung whose basis and SAE come next; None while the classifier is not yet trained for it."""
        if self.done or not self._loop.arrived(self.rung + 1):
            return None
        return self.rung + 1

    @property
    def network(self) -> Network:
        """The classifier as it is now."""
        return self._loop.network

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
        tensors = under(LOOP_PREFIX, self._loop.tensors())
        if self.model is not None:
            tensors |= under(MODEL_PREFIX, self.model.tensors())
        if self._mean_codes is not None:
            tensor_folder.write(folder / MEAN_CODES, self._mean_codes, {"identity": self._identity()})
        meta = {
            "format": CHECKPOINT_FORMAT,
            "identity": self._identity(),
            "config": self.config.model_dump(),
            "image_shape": list(self.data.image_shape),
            "n_classes": self.data.n_classes,
            "epoch": self.epoch,
            "rung": self.rung,
            "course": self._loop.facts(),
            "step": None if self._last_step is None else asdict(self._last_step),
            **self._taught,
        }
        return checkpoint.save(folder, tensors, meta)

    @cached_property
    def _taught(self) -> dict[str, Any]:
        """Which concepts supervise this training, by name; nothing where none do."""
        if self.config.auxiliary.concepts == 0:
            return {}
        return {"concepts": provenance(Choice.of(self.config.auxiliary), self.data.train)}

    def restore(self, folder: Path, passed: int | None = None) -> Restored | None:
        """Go to the newest whole checkpoint of this very trial in `folder`; None if there is none.

        The step before it comes back too: who took it may have died before anybody heard of it. passed: the
        last rung that is on record. A checkpoint from beyond the next rung is not taken, since nobody would
        hear of that rung: shared storage may have one, whose ledger comes later than checkpoints.
        """
        found = next((old for old in checkpoint.newest_first(folder) if is_told(old.meta, passed)), None)
        if found is None or found.meta.get("identity") != self._identity():
            return None
        tensors, meta = found.tensors, found.meta
        self._loop.restore(part(tensors, LOOP_PREFIX), meta["course"])
        self.rung = meta["rung"]
        self.model = load_feature_model(tensors, meta, self.device) if self.done else None
        if meta["step"] is None:
            return None
        self._last_step = step_from(meta["step"])
        return Restored(self._last_step, found.record)

    def _train_classifier(self) -> Step:
        """Train one step's worth towards the next rung."""
        start = self.epoch
        self._loop.advance(self.rung + 1)
        reports = tuple(
            EpochReport(epoch, metrics)
            for epoch, metrics in enumerate(self._loop.history[start:], start=start + 1)
        )
        return Step(reports, self.epoch, None, dict(reports[-1].metrics), done=False)

    def _finish_rung(self) -> Step:
        """Take basis and SAE of the classifier as it is now, and measure."""
        hidden = self._memory.get(self._loop.key, self._hidden)
        model = self._loop.features(self.rung + 1, hidden)
        metrics = {**self._loop.history[-1], **self._measure(model, hidden)}
        finite(metrics, self.epoch)
        self.rung += 1
        self.model = model if self.done else None
        return Step((), self.epoch, self.rung, metrics, self.done)

    def _hidden(self) -> HiddenActivations:
        """Activations of the classifier as it is now."""
        return HiddenActivations(
            *(
                hidden_activations(self._loop.network, split.images, self.device)
                for split in (self.data.train, self.data.val)
            )
        )

    def _measure(self, model: FeatureModel, hidden: HiddenActivations) -> dict[str, float]:
        """The rung's metrics; nulls and references come from trials that share the classifier, if any."""
        seed, train, val = self._stages.seed("metrics"), self.data.train, self.data.val
        measured = measure(
            model,
            train.images.to(self.device),
            train.labels.to(self.device),
            val.images.to(self.device),
            val.labels.to(self.device),
            hidden,
        )
        is_last = self.rung + 1 == self.plan.rungs
        times: tuple[When, ...] = ("rung", "final") if is_last else ("rung",)
        named = self.plan.concepts if is_last else ""
        concepts = measured_concepts(named, self.config, self.data, measured)
        besides: tuple[Need, ...] = ("concepts",) if named else ()
        given: tuple[Need, ...] = ("labels", "images", "network", *besides)
        groups = [self.plan.kept(measured_at(when, given=given, besides=self.plan.metrics)) for when in times]
        untrained = self._untrained()
        read = ReferenceInputs(measured.activations, untrained, seed)
        known: dict[str, Tensor] = {}
        for metrics in groups:
            known |= references(self._stages, metrics, self._loop.key, read)
        if is_last:
            self._mean_codes = measured_mean_codes(measured, seed)
        keep = partial(shared, self._stages, self._loop.key)
        inputs = MetricInputs(measured, known, untrained, seed, shared=keep, concepts=concepts)
        return evaluate([metric for metrics in groups for metric in metrics], inputs)

    def _untrained(self) -> Callable[[Tensor], Tensor]:
        """The hidden layer of this architecture before any training, by weights of its own."""
        network = initial_network(
            self.config.classifier, self.data, generator(self._stages.seed("untrained"))
        )
        return network.to(self.device).hidden

    def _identity(self) -> str:
        """sha256 over all that decides this trial's course."""
        decisive = {
            "config": self.config.model_dump(),
            "classifier": self._classifier_settings,
            "data": self.data.key,
            "plan": self.plan.identity(),
            "versions": VERSIONS,
            "format": CHECKPOINT_FORMAT,
        }
        return tensor_folder.digest(tensor_folder.canonical_json(decisive))


def is_told(meta: Mapping[str, Any], passed: int | None) -> bool:
    """Whether every rung behind a checkpoint is on record, or will be when its step comes back."""
    if passed is None:
        return True
    step = meta.get("step")
    return int(meta["rung"]) <= passed + (step is not None and step["rung"] == meta["rung"])
