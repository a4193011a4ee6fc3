"""What the studies publish follows from the ledgers that are committed with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studies.mnist.make import HERE, make

LEDGERS, RESULTS = HERE / "ledgers", HERE / "results"


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    make(LEDGERS, folder)
    return folder


def test_every_result_is_made_again_and_nothing_else_lies_there(remade: Path) -> None:
    assert {path.name for path in remade.glob("*")} == {path.name for path in RESULTS.glob("*")}


def test_pages_are_those_committed(remade: Path) -> None:
    for path in sorted(RESULTS.glob("*.md")):
        assert (remade / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), path.name


def test_pictures_show_the_same(remade: Path) -> None:
    """To a few grey values: fonts are drawn a little differently by other versions."""
    for path in sorted(RESULTS.glob("*.png")):
        ours, theirs = (
            np.asarray(Image.open(file).convert("L"), float) for file in (remade / path.name, path)
        )
        assert ours.shape == theirs.shape, path.name
        assert np.abs(ours - theirs).mean() < 2, path.name


def test_the_study_stays_small() -> None:
    files = [
        path for path in HERE.rglob("*") if path.is_file() and "runs" not in path.relative_to(HERE).parts
    ]
    assert sum(path.stat().st_size for path in files) < 15 * 2**20
