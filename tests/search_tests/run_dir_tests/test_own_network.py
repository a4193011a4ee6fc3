"""A network of somebody else that cannot be had is refused before anything is made, with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from search.errors import SpaceError
from search.run_dir.inputs import load_inputs
from search.space.loader import load_study
from trainables.networks.example_module import build

SPACE = """\
name: own
question: May these layers be read?
data: {name: digits, limit: 60}
objectives: [{metric: probe/accuracy, mode: max}]
trial:
  classifier: {kind: module, layer: LAYER}
"""


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        (
            "hiden",
            "trial.classifier.layer: trainables.networks.example_module:build: the network has no layer",
        ),
        ("{choice: [hidden, redout]}", "near it: readout"),
    ],
)
def test_a_layer_that_is_not_there(tmp_path: Path, layer: str, says: str) -> None:
    (tmp_path / "own.yaml").write_text(SPACE.replace("LAYER", layer))
    study = load_study(tmp_path / "own.yaml").study
    with pytest.raises(SpaceError) as error:
        load_inputs(study)
    assert says in str(error.value)


def test_a_network_that_is_no_default_is_tried_too(tmp_path: Path) -> None:
    text = SPACE.replace("kind: module, layer: LAYER", "kind: {choice: [mlp, module]}, layer: hiden")
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(SpaceError, match="near it: hidden"):
        load_inputs(load_study(tmp_path / "own.yaml").study)


def test_weights_lie_where_the_space_file_says_from_wherever_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    save_file(build((8, 8), 10).state_dict(), tmp_path / "own.safetensors")
    more = "layer: hidden, train: frozen, weights: own.safetensors"
    (tmp_path / "own.yaml").write_text(SPACE.replace("layer: LAYER", more))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    loaded = load_study(tmp_path / "own.yaml")
    assert loaded.study.constants["classifier.weights"] == str(tmp_path / "own.safetensors")
    assert load_inputs(loaded.study).n_classes == 10


def test_layers_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SPACE.replace("LAYER", "{choice: [hidden, linear]}"))
    assert load_inputs(load_study(tmp_path / "own.yaml").study).n_classes == 10
