"""Images from a function of one's own: arrays or torch data sets, and one sentence for each mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from search.run_dir.inputs import load_inputs
from search.space.loader import load_study
from trainables.data.dataset import Dataset, load_dataset
from trainables.errors import DataError

MODULE = """
import numpy as np
import torch
from torch.utils.data import Dataset, TensorDataset

DRAW = np.random.default_rng(0)
IMAGES = DRAW.integers(0, 255, (30, 5, 4)).astype(np.uint8)
LABELS = np.arange(30) % 3

def arrays():
    return {"images": IMAGES, "labels": LABELS, "class_names": ["a", "b", "c"]}

def named():
    return {"images": IMAGES, "labels": np.array(["one", "three", "two"])[LABELS]}

def pair():
    return IMAGES, LABELS

def tensors():
    whole = TensorDataset(torch.from_numpy(IMAGES)[:, None] / 255, torch.from_numpy(LABELS))
    return whole, whole

class Own(Dataset):
    classes = ["x", "y", "z"]
    def __len__(self):
        return 30
    def __getitem__(self, i):
        return torch.from_numpy(IMAGES[i]) / 255, int(LABELS[i])

def own():
    return Own()

def fails():
    raise OSError("no disk")

def nothing():
    return None

def colour():
    return {"images": np.zeros((30, 5, 4, 3), np.uint8), "labels": LABELS}

def unnamed():
    return {"images": IMAGES, "labels": LABELS, "class_names": ["a", "b"]}

answer = 42
"""


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "own_pictures.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    import sys

    sys.modules.pop("own_pictures", None)


def load(function: str) -> Dataset:
    return load_dataset("module", path=f"own_pictures:{function}")


def test_arrays_are_read_like_a_file(tmp_path: Path) -> None:
    data = load("arrays")
    assert [len(split) for split in (data.train, data.val, data.test)] == [18, 6, 6]
    assert data.class_names == ("a", "b", "c")
    import own_pictures

    np.savez(tmp_path / "same.npz", images=own_pictures.IMAGES, labels=own_pictures.LABELS)
    same = load_dataset("npz", path=tmp_path / "same.npz")
    assert data.key == same.key == load("pair").key
    assert same.class_names == ("0", "1", "2")


def test_labels_may_be_names() -> None:
    data = load("named")
    assert data.class_names == ("one", "three", "two")
    assert data.key == load("arrays").key


def test_torch_data_sets_are_read_sample_by_sample() -> None:
    data = load("own")
    assert data.class_names == ("x", "y", "z")
    np.testing.assert_allclose(data.train.images, load("arrays").train.images, atol=1e-6)


def test_the_second_of_two_is_test() -> None:
    data = load("tensors")
    assert [len(split) for split in (data.train, data.val, data.test)] == [24, 6, 30]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("fails", "failed: OSError: no disk"),
        ("nothing", "returned NoneType; it must return a dict"),
        ("answer", "is no function but int"),
        ("array", "did you mean 'arrays'"),
        ("colour", "(30, 5, 4, 3); (N, height, width)"),
        ("unnamed", "class_names has 2 names for 3 classes"),
    ],
)
def test_mistakes_are_named(function: str, words: str) -> None:
    with pytest.raises(DataError) as raised:
        load(function)
    assert words in str(raised.value)
    assert f"own_pictures:{function}" in str(raised.value)


def test_it_is_found_beside_the_space_file(tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "pictures_beside.py").write_text(MODULE)
    space = tmp_path / "beside" / "own.yaml"
    space.write_text(
        "name: own\nquestion: Is it found?\ndata: {name: module, path: 'pictures_beside:arrays'}\n"
        "objectives: [{metric: probe/accuracy, mode: max}]\n"
    )
    assert load_inputs(load_study(space).study).class_names == ("a", "b", "c")


def test_a_path_that_is_none() -> None:
    with pytest.raises(DataError, match=r"package\.module:function"):
        load_dataset("module", path="pictures.py")
