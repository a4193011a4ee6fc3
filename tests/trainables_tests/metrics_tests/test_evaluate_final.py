"""The final and the whole metric set on the planted world, and what a pipeline leaves of them."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.trainables_tests.metrics_tests.test_evaluate import Dictionary, blocks, mixed, patterns, planted
from trainables.config import TrialConfig
from trainables.data.dataset import load_dataset, to_tensors
from trainables.metrics.catalog import METRICS, measured_at
from trainables.metrics.evaluate import compute_references, evaluate_alone
from trainables.metrics.inputs import ReferenceInputs
from trainables.metrics.measured import measure
from trainables.model.interface import SupportsFeatures
from trainables.pipeline.pipeline import MEAN_CODES, Pipeline
from trainables.pipeline.plan import Plan
from trainables.storage import tensor_folder

# No run here names a set of concepts.
NAMED = [name for name, info in METRICS.items() if "concepts" not in info.metric.needs]


def untrained(images: Tensor) -> Tensor:
    weights = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    return (images.flatten(1) @ weights).relu()


def final(model: SupportsFeatures, seed: int = 0) -> dict[str, float]:
    measured = measure(model, *blocks(600, 0), *blocks(300, 1))
    return evaluate_alone(measured_at("final"), measured, untrained, seed)


def test_the_planted_dictionary_is_perfect() -> None:
    result = final(planted())
    assert result["probe/svm_accuracy"] == result["probe/k1"] == result["cluster/ari"] == 1
    for name in ("csi", "f1"):
        assert result[f"selectivity/{name}"] == pytest.approx(1)
        assert result[f"selectivity/{name}_skill"] == pytest.approx(1)
    assert result["sae/decoder_redundancy"] == 0
    assert result["sae/decoder_redundancy_skill"] == 1


def test_names_are_those_of_the_table() -> None:
    result = final(planted())
    assert set(result) == {name for name in NAMED if METRICS[name].when == "final"}
    assert all(type(value) is float and isfinite(value) for value in result.values())


def test_a_dictionary_that_never_fires_takes_every_null() -> None:
    result = final(Dictionary(torch.zeros(64, 4), patterns()))
    for name in ("csi", "f1", "monosemanticity"):
        assert result[f"selectivity/{name}_skill"] == 0
    assert result["probe/k1"] == 0.5
    assert result["cluster/ari"] == 0
    assert result["sae/decoder_redundancy_skill"] == 0


def test_permuting_latents_and_rescaling_them_with_their_decoder_rows_changes_nothing() -> None:
    model, order = mixed(), torch.tensor([5, 2, 7, 0, 1, 4, 3, 6])
    scale = 2.0 ** torch.tensor([3, -2, 0, 1, 4, -1, 2, -3])
    plain = final(Dictionary(model.encoder, model.decoder))
    changed = final(Dictionary((model.encoder * scale)[:, order], (model.decoder / scale[:, None])[order]))
    assert changed == pytest.approx(plain, abs=1e-4)


def test_references_know_nothing_of_the_codes() -> None:
    """They are cached per classifier: another SAE on the same activations must find its own in there."""
    one, two = (measure(model, *blocks(300, 0), *blocks(100, 1)) for model in (planted(), mixed()))
    first, second = (
        compute_references(measured_at("rung", "final"), ReferenceInputs(m.activations, untrained, 0))
        for m in (one, two)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_whole_set_is_the_whole_table_but_stability() -> None:
    measured = measure(planted(), *blocks(300, 0), *blocks(100, 1))
    result = evaluate_alone(measured_at("epoch", "rung", "final", "confirm"), measured, untrained, 0)
    named = {name for name in NAMED if not name.startswith("stability/")}
    assert set(result) == named
    assert result["probe/accuracy_full"] == result["probe/raw_accuracy_full"] == 1


def test_a_finished_trial_leaves_its_mean_codes_as_a_file(tmp_path: Path) -> None:
    data = to_tensors(load_dataset("digits", limit=300))
    config = TrialConfig.model_validate(
        {
            "classifier": {"kind": "mlp", "hidden_size": 16, "epochs": 2},
            "sae": {"kind": "topk", "width": 24, "k": 4},
        }
    )
    trial = Pipeline(config, data, Plan(0, 1, 3), cache=None, device="cpu")
    while not trial.done:
        assert not (tmp_path / MEAN_CODES).exists()
        trial.step()
        trial.save(tmp_path)
    tensors, _ = tensor_folder.read(tmp_path / MEAN_CODES)
    assert tensors["classes"].shape == (10, 24)
    assert tensors["clusters"].shape == (10, 3, 24)
    assert tensors["cluster_sizes"].sum() == len(data.train)
    assert trial.model is not None
    codes = trial.model.encode(trial.model.hidden(data.train.images))[1]
    torch.testing.assert_close(tensors["classes"][3], codes[data.train.labels == 3].mean(dim=0))
