"""Latents of a real pipeline are silenced one after the other: no part that sums over latents may rise."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from trainables.config import TrialConfig
from trainables.data.dataset import ImageData, load_dataset, to_tensors
from trainables.metrics.catalog import SCORE_PARTS, measured_at
from trainables.metrics.evaluate import compute_references, evaluate
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import measure
from trainables.model.feature_model import FeatureModel
from trainables.pipeline.pipeline import Pipeline, Plan

WIDTH = 80
SUMS = ("junk", "purity", "alive")


class Silenced:
    """The same model, some of its codes always 0."""

    def __init__(self, model: FeatureModel, gone: Tensor) -> None:
        self.hidden, self.head, self.decode = model.hidden, model.head, model.decode
        self._model, self._kept = model, torch.ones(WIDTH).index_fill_(0, gone, 0.0)

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """u as before, z without the silenced latents."""
        u, z = self._model.encode(h)
        return u, z * self._kept


@pytest.fixture(scope="module")
def data() -> ImageData:
    return to_tensors(load_dataset("digits", limit=500))


@pytest.mark.parametrize("sae", [{"kind": "topk", "k": 6}, {"kind": "relu", "l1": 1.0}], ids=["topk", "relu"])
def test_no_death_raises_the_score(data: ImageData, sae: dict[str, float]) -> None:
    config = TrialConfig.model_validate(
        {
            "classifier": {"kind": "mlp", "hidden_size": 32, "epochs": 6},
            "sae": {**sae, "width": WIDTH, "epochs": 20},
        }
    )
    trial = Pipeline(config, data, Plan(0, 1, 3, SCORE_PARTS), cache=None, device="cpu")
    while not trial.done:
        trial.step()
    assert trial.model is not None
    splits = (data.train.images, data.train.labels, data.val.images, data.val.labels)
    order = torch.randperm(WIDTH, generator=torch.Generator().manual_seed(1))
    metrics = measured_at("rung")
    references, results = None, []
    for gone in (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, WIDTH):
        measured = measure(Silenced(trial.model, order[:gone]), *splits)
        read = ReferenceInputs(measured.activations, trial.model.hidden, 0)
        references = references or compute_references(metrics, read)
        results.append(evaluate(metrics, MetricInputs(measured, references, trial.model.hidden, 0, SUMS)))
    for name in (*SUMS, "score"):
        values = [result[f"interpretability/{name}"] for result in results]
        assert all(after <= before + 1e-6 for before, after in pairwise(values)), (name, values)
    assert results[0]["interpretability/alive"] > 0.5
    assert results[-1]["interpretability/score"] == pytest.approx(0.01)
