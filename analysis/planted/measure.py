"""A pipeline's metrics beside how far its latents are the planted parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from analysis.metric_runs import PLAN
from trainables.config import TrialConfig
from trainables.data.dataset import Dataset, to_tensors
from trainables.metrics.planted_truth import TruthMatch, truth_match
from trainables.model.feature_model import FeatureModel
from trainables.pipeline.pipeline import Pipeline
from trainables.stages.cache import StageCache

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Sample:
    """One pipeline: the recipe it followed, the seed of its data and training, its metrics and its truth."""

    recipe: str
    seed: int
    metrics: Mapping[str, float]
    truth: TruthMatch


def train_and_measure(recipe: str, config: TrialConfig, dataset: Dataset, cache: StageCache | None) -> Sample:
    """Train the trial in full on planted images, and measure it on val."""
    data = to_tensors(dataset)
    pipeline = Pipeline(config, data, PLAN, cache=cache, device=CPU)
    while not pipeline.done:
        pipeline.step()
    assert pipeline.model is not None
    assert pipeline.last_step is not None
    seed = config.replicate
    return Sample(recipe, seed, pipeline.last_step.metrics, truth_of(pipeline.model, dataset, seed))


@torch.no_grad()
def truth_of(model: FeatureModel, dataset: Dataset, seed: int) -> TruthMatch:
    """The model's codes on val against the parts of val's images. ValueError if nobody knows them."""
    if dataset.truth is None:
        raise ValueError(f"what the images of {dataset.name} are made of is not known")
    images = to_tensors(dataset).val.images
    z = torch.cat([model.encode(model.hidden(part))[1] for part in images.split(4096)])
    return truth_match(z > 0, torch.from_numpy(dataset.truth.val > 0), seed)
