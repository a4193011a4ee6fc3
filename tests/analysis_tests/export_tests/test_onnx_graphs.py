from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.export_formats import onnx_graphs
from analysis.export_formats.onnx_graphs import FROM_HIDDEN, FROM_IMAGES, run_graph, write_onnx
from search.errors import SpaceError
from tests.analysis_tests.export_tests.subjects import D, hidden_and_codes, images, subject

onnx = pytest.importorskip("onnx", reason="the extra `export` is not installed")
pytest.importorskip("onnxruntime", reason="the extra `export` is not installed")
pytest.importorskip("onnxscript", reason="the extra `export` is not installed")


# One kind of each rule; which kinds share one: test_folded.py.
@pytest.mark.parametrize("sae", ["relu", "topk", "jumprelu", "gated"])
def test_every_rule_gives_its_codes_whatever_the_batch(sae: str, tmp_path: Path) -> None:
    found = subject(sae, "whitened_pca")
    assert write_onnx(tmp_path, found) <= 1e-5
    h, z = hidden_and_codes(found)
    features = found.model.features
    for n in (1, 5, len(h)):
        got = run_graph(tmp_path / FROM_IMAGES, {"images": found.probes[:n].numpy()})
        assert list(got) == ["hidden", "codes", "reconstruction", "logits"]
        own = {
            "hidden": h[:n],
            "codes": z[:n],
            "reconstruction": features.decode(z[:n]),
            "logits": features.head(h[:n]),
        }
        for name, tensor in own.items():
            np.testing.assert_allclose(got[name], tensor.numpy(), rtol=1e-5, atol=1e-5, err_msg=name)
        got = run_graph(tmp_path / FROM_HIDDEN, {"hidden": h[:n].numpy()})
        np.testing.assert_allclose(got["codes"], z[:n].numpy(), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(got["reconstruction"], own["reconstruction"].numpy(), rtol=1e-5, atol=1e-5)
    for name in (FROM_IMAGES, FROM_HIDDEN):
        properties = {entry.key: entry.value for entry in onnx.load(tmp_path / name).metadata_props}
        assert json.loads(properties["sae_search"]) == found.facts  # where it is from


# One of each that is computed in another way; odd sides show where a border is treated differently.
@pytest.mark.parametrize(
    "classifier",
    [
        {"kind": "conv"},
        {"kind": "mlp", "depth": 2, "kwta": 4},
        {"kind": "mlp", "front_end": "gabor"},
        {"kind": "mlp", "front_end": "conv"},
        {"kind": "mlp", "front_end": "locally_connected"},
    ],
)
def test_every_classifier_is_in_the_graph(classifier: dict[str, object], tmp_path: Path) -> None:
    found = subject(classifier=classifier, side=9)
    write_onnx(tmp_path, found)
    others = images(7, side=9, seed=5)
    with torch.no_grad():
        hidden = found.model.features.hidden(others)
    got = run_graph(tmp_path / FROM_IMAGES, {"images": others.numpy()})
    assert got["hidden"].shape == (7, D)
    np.testing.assert_allclose(got["hidden"], hidden.numpy(), rtol=1e-5, atol=1e-5)


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graphs, "NEEDED", ("onnx", "no_such_package_anywhere"))
    with pytest.raises(SpaceError, match=r"no_such_package_anywhere.*\n.*pip install.*\[export\]"):
        onnx_graphs.refuse_missing_packages()
