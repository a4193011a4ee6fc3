from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.numpy
import torch

from analysis.export_formats.plain_tensors import METADATA, WEIGHTS, write_plain_tensors
from tests.analysis_tests.export_tests.subjects import EVERY_SAE_ON_EVERY_BASIS, hidden_and_codes, subject


def run_lines(
    lines: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, **names: Any
) -> dict[str, Any]:
    """Do as the metadata says, with nothing but numpy and safetensors, inside the folder."""
    monkeypatch.chdir(folder)
    known: dict[str, Any] = {"np": np, "safetensors": safetensors, **names}
    exec("\n".join(lines), known)
    return known


@pytest.mark.parametrize(("sae", "basis"), EVERY_SAE_ON_EVERY_BASIS)
def test_the_lines_in_the_metadata_give_the_codes(
    sae: str, basis: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = subject(sae, basis)
    write_plain_tensors(tmp_path, found)
    recipe = json.loads((tmp_path / METADATA).read_text(encoding="utf-8"))["numpy"]
    assert len(recipe["hidden_to_codes"]) <= 5
    h, z = hidden_and_codes(found)
    known = run_lines(recipe["hidden_to_codes"], tmp_path, monkeypatch, h=h.numpy())
    assert known["z"].dtype == np.float32
    np.testing.assert_allclose(known["z"], z.numpy(), rtol=1e-5, atol=1e-5)
    own = found.model.features.decode(z).numpy()
    known = run_lines(recipe["codes_to_hidden"], tmp_path, monkeypatch, t=known["t"], z=known["z"])
    np.testing.assert_allclose(known["h"], own, rtol=1e-4, atol=1e-4)


def test_weights_can_be_read_by_those_who_can_read_the_metadata(tmp_path: Path) -> None:
    write_plain_tensors(tmp_path, subject())
    assert (tmp_path / WEIGHTS).stat().st_mode == (tmp_path / METADATA).stat().st_mode


@pytest.mark.parametrize("classifier", [{}, {"depth": 3}, {"kwta": 4}, {"depth": 2, "kwta": 12}])
def test_the_lines_for_images_give_the_hidden_activations(
    classifier: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = subject(classifier={"kind": "mlp", **classifier})
    write_plain_tensors(tmp_path, found)
    lines = json.loads((tmp_path / METADATA).read_text(encoding="utf-8"))["numpy"]["images_to_hidden"]
    t = safetensors.numpy.load_file(tmp_path / WEIGHTS)
    known = run_lines(lines, tmp_path, monkeypatch, t=t, images=found.probes.numpy())
    np.testing.assert_allclose(known["h"], hidden_and_codes(found)[0].numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("classifier", [{"kind": "conv"}, {"kind": "mlp", "front_end": "gabor"}])
def test_where_numpy_is_not_enough_the_metadata_say_so(classifier: dict[str, object], tmp_path: Path) -> None:
    write_plain_tensors(tmp_path, subject(classifier=classifier))
    told = json.loads((tmp_path / METADATA).read_text(encoding="utf-8"))["numpy"]["images_to_hidden"]
    assert "--format onnx" in told


def test_the_weights_carry_the_metadata_and_the_classifier(tmp_path: Path) -> None:
    found = subject()
    write_plain_tensors(tmp_path, found)
    with safetensors.safe_open(tmp_path / WEIGHTS, framework="pt") as file:
        header = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert json.loads(header["sae_search"]) == json.loads((tmp_path / METADATA).read_text(encoding="utf-8"))
    own = found.model.features.classifier.state_dict()
    for name, tensor in own.items():
        assert torch.equal(tensors[f"classifier.{name}"], tensor)
    assert {"encoder", "encoder_bias", "decoder", "decoder_bias"} <= set(tensors)
