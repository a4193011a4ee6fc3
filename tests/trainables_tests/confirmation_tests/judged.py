"""A small pipeline on the digits, trained once, with whatever cache a test gives it."""

from __future__ import annotations

from functools import cache

import torch

from trainables.config import TrialConfig
from trainables.confirmation.trained import Trained
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.stages.cache import StageCache
from trainables.stages.runner import StageRunner

PLAN = Plan(study_seed=0, rungs=1, reduction_factor=3)
CONFIG = TrialConfig.model_validate(
    {
        "classifier": {"kind": "mlp", "hidden_size": 16, "epochs": 10, "learning_rate": 0.01},
        "basis": {"kind": "pca", "components": 12},
        "sae": {"kind": "topk", "width": 32, "k": 4, "epochs": 6},
        "replicate": 500_000,
    }
)


@cache
def scored_data() -> ImageData:
    """Its `val` is the test split."""
    return to_tensors(load_dataset("digits", limit=300), score_on="test")


@cache
def trained() -> Trained:
    """Without a cache."""
    return train(None)


def train(kept: StageCache | None, config: TrialConfig = CONFIG) -> Trained:
    data = to_tensors(load_dataset("digits", limit=300))
    pipeline = Pipeline(config, data, PLAN, cache=kept, device="cpu")
    while not pipeline.done:
        step = pipeline.step()
    assert pipeline.model is not None
    return Trained(
        config=config,
        model=pipeline.model,
        stages=StageRunner(0, config.replicate, kept, torch.device("cpu")),
        images=data.train.images,
        labels=data.train.labels,
        n_classes=data.n_classes,
        data_key=data.key,
        l0=step.metrics["sae/l0"],
    )
