"""Whole trials of every member of the registries, of larger images, and on a GPU."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.trainables_tests.pipeline_tests.test_pipeline import PLAN, open_pipeline, run, small
from trainables import registry
from trainables.config import KINDS, TrialConfig
from trainables.data.dataset import ImageData, TensorSplit, load_dataset, to_tensors
from trainables.metrics.catalog import METRICS
from trainables.pipeline.pipeline import Pipeline
from trainables.pipeline.plan import Plan
from trainables.seeds import generator


@pytest.mark.parametrize(
    ("classifier", "basis", "sae"),
    [
        pytest.param(
            classifier, "raw", "topk", marks=[pytest.mark.slow] if classifier == "torchvision" else []
        )
        for classifier in registry.CLASSIFIERS
    ]
    + [("mlp", basis, "relu") for basis in registry.BASES]
    + [("mlp", "pca_variance", sae) for sae in registry.SAES],
)
def test_every_member_of_the_registry_makes_a_whole_trial(
    digits: ImageData, tmp_path: Path, classifier: str, basis: str, sae: str
) -> None:
    config = TrialConfig.model_validate(
        {
            "classifier": {
                "kind": classifier,
                "epochs": 1,
                **({"hidden_size": 12} if classifier in ("mlp", "conv") else {}),
            },
            "basis": {"kind": basis}
            | ({"components": 6} if "components" in KINDS["basis"][basis].model_fields else {}),
            "sae": {"kind": sae, "width": 24, "epochs": 2},
        }
    )
    trial = open_pipeline(digits, config, plan=Plan(0, 1, 3))
    last = run(trial)[-1]
    # Those of concepts are measured where a run names a set.
    expected = {n for n, c in METRICS.items() if c.when != "confirm" and "concepts" not in c.metric.needs}
    assert set(last.metrics) == expected
    trial.save(tmp_path)
    assert open_pipeline(digits, config, plan=trial.plan).restore(tmp_path) is not None


def test_images_of_28_by_28_without_any_stroke_in_some(tmp_path: Path) -> None:
    images = torch.rand(60, 28, 28, generator=generator(0)) * (torch.arange(60) % 7 > 0)[:, None, None]
    labels = torch.arange(60) % 3
    data = ImageData(TensorSplit(images, labels), TensorSplit(images[:30], labels[:30]), 3, (28, 28), "noise")
    trial = open_pipeline(data, small(classifier={"kind": "conv", "channels": 2}))
    assert run(trial)[-1].done
    trial.save(tmp_path)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("basis", registry.BASES)
def test_a_trial_on_cuda_is_restored_there_and_on_the_cpu(
    digits: ImageData, tmp_path: Path, basis: str
) -> None:
    config = small(basis={"kind": basis})
    data = to_tensors(load_dataset("digits", limit=200), "cuda")
    trial = Pipeline(config, data, PLAN, cache=None, device="cuda")
    last = run(trial)[-1]
    record = trial.save(tmp_path)
    restored = open_pipeline(digits, config)
    found = restored.restore(tmp_path)
    assert found is not None
    assert (found.step, found.record) == (last, record)
