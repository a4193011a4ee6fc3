"""The folder by SAELens' formulas. That the real package reads it: test_sae_lens_itself.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from analysis.export_formats.sae_lens_folder import CONFIG, WEIGHTS, codes_as_sae_lens, write_sae_lens
from tests.analysis_tests.export_tests.subjects import (
    EVERY_SAE_ON_EVERY_BASIS,
    SAES,
    D,
    F,
    K,
    hidden_and_codes,
    subject,
)

FOUR = {"W_enc", "b_enc", "W_dec", "b_dec"}
# Tensors that SAELens' strict load_state_dict expects of each architecture.
TENSORS = {
    "standard": FOUR,
    "topk": FOUR,
    "jumprelu": FOUR | {"threshold"},
    "gated": {"W_enc", "W_dec", "b_dec", "b_gate", "b_mag", "r_mag"},
}
ARCHITECTURES = {
    "relu": "standard",
    "relu_target": "standard",
    "topk": "topk",
    "batch_topk": "jumprelu",
    "jumprelu": "jumprelu",
    "gated": "gated",
    "matryoshka": "jumprelu",
    "archetypal": "topk",
    "consensus": "topk",
}


@pytest.mark.parametrize(("sae", "basis"), EVERY_SAE_ON_EVERY_BASIS)
def test_the_formulas_of_sae_lens_give_the_codes(sae: str, basis: str, tmp_path: Path) -> None:
    found = subject(sae, basis)
    assert write_sae_lens(tmp_path, found) <= 1e-5
    config = json.loads((tmp_path / CONFIG).read_text(encoding="utf-8"))
    tensors = safetensors.torch.load_file(tmp_path / WEIGHTS)
    h, z = hidden_and_codes(found)
    torch.testing.assert_close(codes_as_sae_lens(config, tensors, h), z, rtol=1e-5, atol=1e-5)
    own = found.model.features.decode(z)
    torch.testing.assert_close(z @ tensors["W_dec"] + tensors["b_dec"], own, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sae", SAES)
def test_every_kind_has_the_keys_of_its_architecture(sae: str, tmp_path: Path) -> None:
    write_sae_lens(tmp_path, subject(sae, "pca"))
    config = json.loads((tmp_path / CONFIG).read_text(encoding="utf-8"))
    tensors = safetensors.torch.load_file(tmp_path / WEIGHTS)
    assert config["architecture"] == ARCHITECTURES[sae]
    assert set(tensors) == TENSORS[config["architecture"]]
    assert config.get("k") == (K if config["architecture"] == "topk" else None)
    assert (config["d_in"], config["d_sae"], config["dtype"]) == (D, F, "float32")
    assert tensors["W_enc"].shape == (D, F)
    assert tensors["W_dec"].shape == (F, D)
    assert int(config["metadata"]["sae_lens_version"].split(".")[0]) >= 6
    assert config["metadata"]["sae_search"]["trial"] == 3
