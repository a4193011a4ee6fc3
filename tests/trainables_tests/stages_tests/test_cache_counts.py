"""Hits and misses by stage: what trials of one classifier share, and the file that says so."""

from __future__ import annotations

from pathlib import Path

import torch

from trainables.config import TrialConfig
from trainables.data.dataset import load_dataset, to_tensors
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.stages import cache_counts
from trainables.stages.cache import StageCache

RUNGS = 2


def test_a_search_over_the_sae_trains_one_classifier_per_rung_and_replicate(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    data = to_tensors(load_dataset("digits", limit=200))
    cache = StageCache(tmp_path)
    plan = Plan(study_seed=0, rungs=RUNGS, reduction_factor=3)
    for replicate in (0, 1):
        for width in (16, 24, 32):
            config = TrialConfig.model_validate(
                {
                    "classifier": {"kind": "mlp", "hidden_size": 12, "epochs": 3},
                    "sae": {"kind": "topk", "width": width, "k": 3, "epochs": 3},
                    "replicate": replicate,
                }
            )
            pipeline = Pipeline(config, data, plan, cache=cache, device="cpu")
            while not pipeline.done:
                pipeline.step()
    steps = cache.misses["classifier"] + cache.hits["classifier"]
    # A classifier's training is cached in pieces: those of one training per replicate are computed.
    assert cache.misses["classifier"] == steps / 3
    assert cache.misses["sae"] == 2 * 3 * RUNGS
    assert cache.hits["sae"] == 0
    # What metrics read of a classifier, at the rungs and at the end, is shared by the three widths; their
    # floors, each asked for once, are of different sizes.
    of_classifiers, floors = 2 * (RUNGS + 1), 2 * 3
    assert cache.misses["references"] == of_classifiers + floors
    assert cache.hits["references"] == 2 * of_classifiers


def test_the_file_goes_on_counting(tmp_path: Path) -> None:
    assert cache_counts.read(tmp_path) == {}
    cache_counts.add(tmp_path, {"sae": 1}, {"basis": 2})
    cache_counts.add(tmp_path, {"sae": 1, "basis": 1}, {})
    assert cache_counts.read(tmp_path) == {"basis": {"hits": 1, "misses": 2}, "sae": {"hits": 2, "misses": 0}}
    (tmp_path / cache_counts.FILE).write_text("[1")
    assert cache_counts.read(tmp_path) == {}
    (tmp_path / cache_counts.FILE).write_text('{"sae": 3}')
    assert cache_counts.read(tmp_path) == {}
