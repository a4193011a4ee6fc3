"""Metrics of a default pipeline over seeds, and of its neighbours, for judging the metrics themselves.

Seeds alone say how much a metric trembles; to see which metrics move together something must move, so each
seed also trains the neighbours of NEIGHBOURS. Scored on val: this is about the metrics, not about results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from trainables.config import TrialConfig
from trainables.confirmation.scores import score
from trainables.confirmation.trained import Trained
from trainables.data.dataset import ImageData
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.stages.cache import StageCache
from trainables.stages.runner import StageRunner

NEIGHBOURS: tuple[Mapping[str, Any], ...] = (
    {"sae": {"k": 2}},
    {"sae": {"k": 32}},
    {"sae": {"width": 64}},
    {"sae": {"kind": "relu", "l1": 1.0}},
    {"auxiliary": {"activation_l1": 0.01}},
    {"auxiliary": {"junk_penalty": 1.0}},
)
PLAN = Plan(study_seed=0, rungs=1, reduction_factor=3)


@dataclass(frozen=True)
class Runs:
    """Metrics of the default by seed, with those of a confirmation; and of neighbours, by seed as well."""

    default: tuple[Mapping[str, float], ...]
    neighbours: tuple[Mapping[str, float], ...]


def collect(
    data: ImageData,
    *,
    seeds: int,
    neighbours: int,
    epochs: Mapping[str, int],
    cache: StageCache | None,
    device: torch.device,
    progress: Callable[[str], None],
) -> Runs:
    """Train and measure; `neighbours` is how many of NEIGHBOURS each seed has.

    epochs: of "classifier" and "sae" where they are not to be the default's.
    """
    default, near = [], []
    for replicate in range(seeds):
        progress(f"seed {replicate}: default")
        trial = _trained(_config({}, epochs, replicate), data, cache, device)
        default.append(_everything(trial, data, cache, device))
        for change in NEIGHBOURS[:neighbours]:
            progress(f"seed {replicate}: {change}")
            last = _trained(_config(change, epochs, replicate), data, cache, device).last_step
            assert last is not None
            near.append(last.metrics)
    return Runs(tuple(default), tuple(near))


def _config(change: Mapping[str, Any], epochs: Mapping[str, int], replicate: int) -> TrialConfig:
    """The default with some settings changed; what is not named keeps its own kind's default."""
    default = TrialConfig()
    sections: dict[str, Any] = {
        "classifier": {"kind": default.classifier.kind},
        "sae": {"kind": default.sae.kind},
        "auxiliary": {},
    }
    for section, fields in change.items():
        sections[section] |= fields
    for section, count in epochs.items():
        sections[section]["epochs"] = count
    return TrialConfig.model_validate({**sections, "replicate": replicate})


def _trained(
    config: TrialConfig, data: ImageData, cache: StageCache | None, device: torch.device
) -> Pipeline:
    trial = Pipeline(config, data, PLAN, cache=cache, device=device)
    while not trial.done:
        trial.step()
    return trial


def _everything(
    trial: Pipeline, data: ImageData, cache: StageCache | None, device: torch.device
) -> dict[str, float]:
    assert trial.model is not None
    assert trial.last_step is not None
    stages = StageRunner(PLAN.study_seed, trial.config.replicate, cache, device)
    l0 = trial.last_step.metrics["sae/l0"]
    trained = Trained(
        trial.config,
        trial.model,
        stages,
        data.train.images,
        data.train.labels,
        data.n_classes,
        data.key,
        l0,
    )
    seed = stages.seed("metrics")
    return score("pipeline", trained, data, seed=seed)
