"""A network of somebody else that cannot be had is refused before anything is made, with the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.errors import SpaceError
from search.run_dir.inputs import load_inputs
from search.space.loader import load_study

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


def test_layers_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(SPACE.replace("LAYER", "{choice: [hidden, linear]}"))
    assert load_inputs(load_study(tmp_path / "own.yaml").study).n_classes == 10
