"""Folders of images, one a class: torchvision reads the same, and every mistake names its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from search.space.loader import load_text
from trainables.data.dataset import Dataset, load_dataset
from trainables.errors import DataError

CLASSES = ("bowl", "stem", "serif")
DRAW = np.random.default_rng(0)


def write(folder: Path, each: int = 5, size: tuple[int, int] = (6, 5), mode: str = "L") -> None:
    """So many dark images of every class."""
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
        for i in range(each):
            shape = size if mode == "L" else (*size, 3)
            pixels = DRAW.integers(0, 200, shape).astype(np.uint8)
            pixels[0] = pixels[-1] = 0
            Image.fromarray(pixels, mode).save(folder / name / f"{i}.png")


def load(path: Path, **settings: object) -> Dataset:
    defaults = {"height": 0, "width": 0, "grey": False, "inverted": None}
    return load_dataset("image_folder", path=path, settings={**defaults, **settings})


def test_it_holds_what_torchvision_reads(tmp_path: Path) -> None:
    write(tmp_path)
    data = load(tmp_path)
    assert data.class_names == tuple(sorted(CLASSES)) == tuple(ImageFolder(str(tmp_path)).classes)
    assert [len(split) for split in (data.train, data.val, data.test)] == [9, 3, 3]
    expected = {
        np.asarray(image.convert("L"), dtype=np.uint8).tobytes(): label
        for image, label in ImageFolder(str(tmp_path))
    }
    found = {
        np.rint(image * 255).astype(np.uint8).tobytes(): int(label)
        for split in (data.train, data.val, data.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }
    assert found == expected


def test_splits_that_are_given_are_kept(tmp_path: Path) -> None:
    for split, each in {"train": 5, "val": 2, "test": 1}.items():
        write(tmp_path / split, each)
    data = load(tmp_path)
    assert [len(split) for split in (data.train, data.val, data.test)] == [15, 6, 3]


def test_sixteen_bits_are_shares_of_their_own_range(tmp_path: Path) -> None:
    write(tmp_path)
    deep = np.full((6, 5), 65_535, dtype=np.uint16)
    deep[0] = deep[-1] = deep[:, 0] = deep[:, -1] = 0
    Image.fromarray(deep).save(tmp_path / "stem" / "deep.png")
    data = load(tmp_path)
    assert max(float(split.images.max()) for split in (data.train, data.val, data.test)) == 1.0


def test_images_are_resized_where_a_size_is_given(tmp_path: Path) -> None:
    write(tmp_path, size=(12, 10))
    assert load(tmp_path, height=6, width=5).image_shape == (6, 5)


def test_colour_is_taken_as_luminance_only_where_that_is_said(tmp_path: Path) -> None:
    write(tmp_path, mode="RGB")
    with pytest.raises(DataError, match=r"0\.png is coloured \(mode RGB\).*data.grey: true"):
        load(tmp_path)
    assert load(tmp_path, grey=True).image_shape == (6, 5)


def test_mistakes_name_the_file_and_what_would_be_right(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        load(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has no folders; one for each class"):
        load(tmp_path / "empty")
    (tmp_path / "bare" / "a").mkdir(parents=True)
    with pytest.raises(DataError, match=r"bare/a has no image; known are .*\.png"):
        load(tmp_path / "bare")
    write(tmp_path / "odd")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "odd" / "stem" / "odd.png")
    with pytest.raises(DataError, match=r"odd\.png has \(4, 4\) pixels.*data.height"):
        load(tmp_path / "odd")
    write(tmp_path / "torn")
    (tmp_path / "torn" / "stem" / "1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"1\.png is no readable image"):
        load(tmp_path / "torn")
    write(tmp_path / "split" / "train")
    (tmp_path / "split" / "val" / "ball").mkdir(parents=True)
    with pytest.raises(DataError, match="val has a class 'ball'"):
        load(tmp_path / "split")


def test_a_white_background_is_asked_about(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for i in range(4):
            paper = np.full((6, 6), 255, np.uint8)
            paper[2:4, 1 + i] = 0
            Image.fromarray(paper).save(tmp_path / name / f"{i}.png")
    with pytest.raises(DataError, match="bright background"):
        load(tmp_path)
    assert float(load(tmp_path, inverted=True).train.images.mean()) < 0.2


def test_a_space_file_names_it_beside_itself(tmp_path: Path) -> None:
    text = (
        "name: own\nquestion: Do folders do?\n"
        "data: {name: image_folder, path: pictures, height: 8, width: 8}\n"
        "objectives: [{metric: probe/accuracy, mode: max}]\n"
    )
    study = load_text(text, str(tmp_path / "own.yaml")).study
    assert study.data.settings["height"] == 8
