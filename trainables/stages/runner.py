"""Runs one stage of a trial through the cache, under a key that says everything its result depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.metrics.evaluate import compute_references, reference_versions
from trainables.metrics.inputs import ReferenceInputs
from trainables.metrics.metric import Metric
from trainables.sae_training.local import Trainer, train_here
from trainables.seeds import stage_seed
from trainables.stages.cache import Entry, StageCache, stage_key

# Raise a stage's number when its code gives other results: older cache entries are then not found any more.
VERSIONS = {"classifier": 3, "cycle": 2, "joint": 2, "basis": 2, "sae": 5, "references": 3}


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

    def key(self, stage: str, settings: Mapping[str, object], extent: int, *inputs: str) -> str:
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


def references(
    stages: StageRunner, metrics: Sequence[Metric], classifier_key: str, inputs: ReferenceInputs
) -> dict[str, Tensor]:
    """All that the metrics read of one classifier; no trial that shares it computes them again.

    A metric that reads a further reference, or a newer version of one, finds an entry of its own.
    """
    versions = reference_versions(metrics)
    if not versions:
        return {}
    settings = {"seed": inputs.seed, "references": versions}
    key = stages.key("references", settings, 0, classifier_key)
    return stages.run("references", key, lambda: Entry(compute_references(metrics, inputs))).tensors


def shared(
    stages: StageRunner,
    classifier_key: str,
    settings: Mapping[str, object],
    compute: Callable[[], dict[str, Tensor]],
) -> dict[str, Tensor]:
    """What follows from one classifier and the settings, kept as `references` are."""
    key = stages.key("references", settings, 0, classifier_key)
    return stages.run("references", key, lambda: Entry(compute())).tensors


def _device_kind(device: torch.device) -> str:
    """Results differ in their last digits between kinds of device and versions of torch."""
    return f"{device.type}, torch {torch.__version__}"
