"""A user's own file: what is accepted arrives unchanged, every mistake is told in its own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainables.data.dataset import Dataset, load_dataset
from trainables.errors import DataError

N = 30
LABELS = np.arange(N) % 3
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 5, 4)).astype(np.uint8)


def load(path: Path, **arrays: Any) -> Dataset:
    np.savez(path / "own.npz", **arrays)
    return load_dataset("npz", path=path / "own.npz")


def test_bytes_become_shares_of_255_and_no_image_is_lost(tmp_path: Path) -> None:
    data = load(tmp_path, images=PIXELS, labels=LABELS)
    assert [len(split) for split in (data.train, data.val, data.test)] == [18, 6, 6]
    assert (data.n_classes, data.image_shape) == (3, (5, 4))
    images = np.concatenate([data.train.images, data.val.images, data.test.images])
    labels = np.concatenate([data.train.labels, data.val.labels, data.test.labels])
    original = {PIXELS[i].tobytes(): int(LABELS[i]) for i in range(N)}
    found = {np.rint(images[i] * 255).astype(np.uint8).tobytes(): int(labels[i]) for i in range(N)}
    assert found == original


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_floats_are_taken_as_they_are(tmp_path: Path, dtype: Any) -> None:
    data = load(tmp_path, images=(PIXELS / 255).astype(dtype), labels=LABELS.astype(np.uint8))
    same = load(tmp_path, images=PIXELS, labels=LABELS)
    np.testing.assert_allclose(data.train.images, same.train.images, atol=1e-3)
    np.testing.assert_array_equal(data.train.labels, same.train.labels)


def test_given_splits_are_kept(tmp_path: Path) -> None:
    val = {"val_images": PIXELS[:6], "val_labels": LABELS[:6]}
    test = {"test_images": PIXELS[6:9], "test_labels": LABELS[6:9]}
    both = load(tmp_path, images=PIXELS, labels=LABELS, **val, **test)
    assert [len(split) for split in (both.train, both.val, both.test)] == [30, 6, 3]
    np.testing.assert_array_equal(both.test.images, PIXELS[6:9].astype(np.float32) / 255)
    one = load(tmp_path, images=PIXELS, labels=LABELS, **test)
    assert [len(split) for split in (one.train, one.val, one.test)] == [24, 6, 3]


GOOD: dict[str, Any] = {"images": PIXELS, "labels": LABELS}
MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "missing": ({"images": PIXELS}, ["labels missing", "found images"]),
    "empty": ({}, ["images and labels missing", "nothing"]),
    "unknown key": ({**GOOD, "lables": LABELS}, ["lables", "known are", "labels"]),
    "half a pair": ({**GOOD, "val_images": PIXELS}, ["val_labels missing"]),
    "flat": ({**GOOD, "images": PIXELS.reshape(N, 20)}, ["(30, 20)", "(N, height, width)"]),
    "colour": ({**GOOD, "images": np.zeros((N, 5, 4, 3), np.uint8)}, ["(30, 5, 4, 3)"]),
    "no image": ({"images": np.zeros((0, 5, 4)), "labels": np.zeros(0, np.int64)}, ["(0, 5, 4)"]),
    "wide integers": ({**GOOD, "images": PIXELS.astype(np.int64)}, ["int64", "uint8", "[0, 1]"]),
    "0 to 255 floats": ({**GOOD, "images": PIXELS.astype(np.float32)}, ["255", "[0, 1]"]),
    "negative": ({**GOOD, "images": PIXELS / 255 - 0.5}, ["-0.5", "[0, 1]"]),
    "nan": ({**GOOD, "images": np.full((N, 5, 4), np.nan)}, ["NaN"]),
    "label floats": ({**GOOD, "labels": LABELS.astype(float)}, ["float64", "whole numbers"]),
    "label count": ({**GOOD, "labels": LABELS[:-1]}, ["(29,)", "(30,)"]),
    "label -1": ({**GOOD, "labels": LABELS - 1}, ["-1", "from 0"]),
    "label gap": ({**GOOD, "labels": LABELS * 2}, ["no 1", "from 0 to 2"]),
    "labels from 1": ({**GOOD, "labels": LABELS + 1}, ["no 0", "from 0 to 2"]),
    "one class": ({**GOOD, "labels": LABELS * 0}, ["two classes"]),
    "lone image": ({**GOOD, "labels": np.r_[LABELS[:-1], 3]}, ["class 3 has 1 images"]),
    "new val class": ({**GOOD, "val_images": PIXELS, "val_labels": LABELS + 1}, ["val_labels has 3", "2"]),
    "val size": (
        {**GOOD, "val_images": PIXELS[:, 1:], "val_labels": LABELS},
        ["val_images", "(4, 4)", "(5, 4)"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(tmp_path: Path, mistake: str) -> None:
    arrays, words = MISTAKES[mistake]
    with pytest.raises(DataError) as raised:
        load(tmp_path, **arrays)
    for word in ["own.npz", *words]:
        assert word in str(raised.value)


class Bomb:
    """Leaves a file behind if anybody unpickles it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.trace,))


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "own.npz", images=PIXELS, labels=np.array([Bomb(tmp_path / "trace")], dtype=object))
    with pytest.raises(DataError, match="plain arrays"):
        load_dataset("npz", path=tmp_path / "own.npz")
    assert not (tmp_path / "trace").exists()


def test_files_that_are_no_archives(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "whole.npz", **GOOD)
    whole = (tmp_path / "whole.npz").read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]
    for name, content in {
        "empty": b"",
        "text": b"images,labels\n",
        "cut": whole[:middle],
        "flipped": flipped,
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            load_dataset("npz", path=tmp_path / name)
    np.save(tmp_path / "single.npy", PIXELS)
    with pytest.raises(DataError, match="single array"):
        load_dataset("npz", path=tmp_path / "single.npy")
    with pytest.raises(DataError, match="no file"):
        load_dataset("npz", path=tmp_path / "absent.npz")
    with pytest.raises(DataError):
        load_dataset("npz", path=tmp_path)


SPARSE = np.where(PIXELS > 200, PIXELS, 0)
SPARSE[:, [0, -1]] = 0
SPARSE[:, :, [0, -1]] = 0


def refused(path: Path, **arrays: Any) -> str:
    with pytest.raises(DataError) as caught:
        load(path, **arrays)
    return str(caught.value)


@pytest.mark.parametrize("top", [1, 16, 100])
def test_bytes_that_do_not_use_their_range_are_asked_about(tmp_path: Path, top: int) -> None:
    images = (SPARSE > 0).astype(np.uint8) * np.uint8(top)
    text = refused(tmp_path, images=images, labels=LABELS)
    assert f"uint8 from 0 to {top}: " in text
    assert f"scale={top})" in text
    data = load(tmp_path, images=images, labels=LABELS, scale=top)
    assert set(np.unique(data.train.images)) == {0.0, 1.0}


def test_other_whole_numbers_need_their_scale(tmp_path: Path) -> None:
    text = refused(tmp_path, images=SPARSE.astype(np.int64), labels=LABELS)
    assert "scale=255)" in text
    data = load(tmp_path, images=SPARSE.astype(np.int64), labels=LABELS, scale=255)
    same = load(tmp_path, images=SPARSE, labels=LABELS)
    np.testing.assert_array_equal(data.train.images, same.train.images)


def test_floats_just_above_one_are_told_with_their_number(tmp_path: Path) -> None:
    images = SPARSE.astype(np.float32) / 255
    images[3, 2, 2] = 1.0625
    text = refused(tmp_path, images=images, labels=LABELS)
    assert f"1 of {images.size} pixels lie above 1." in text
    assert "scale=1.0625)" in text
    assert "clip(0, 1)" in text
    assert load(tmp_path, images=images, labels=LABELS, scale=1.0625).train.images.max() <= 1
    assert load(tmp_path, images=images.clip(0, 1), labels=LABELS).train.images.max() <= 1


def test_standardised_images_are_refused_with_what_would_be_right(tmp_path: Path) -> None:
    images = SPARSE.astype(np.float64) / 255 - 0.125
    assert "(images + 0.125) / " in refused(tmp_path, images=images, labels=LABELS)


def test_a_white_background_is_asked_about(tmp_path: Path) -> None:
    inverted = 255 - SPARSE
    text = refused(tmp_path, images=inverted, labels=LABELS)
    assert "the median of their border is 1.00" in text
    assert "inverted=True" in text
    turned = load(tmp_path, images=inverted, labels=LABELS, inverted=True)
    same = load(tmp_path, images=SPARSE, labels=LABELS)
    np.testing.assert_allclose(turned.train.images, same.train.images, atol=1e-7)
    meant = load(tmp_path, images=inverted, labels=LABELS, inverted=False)
    np.testing.assert_allclose(meant.train.images, 1 - same.train.images, atol=1e-7)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"scale": 0}, "one number above 0"),
        ({"scale": np.ones(2)}, "one number above 0"),
        ({"inverted": 1}, "True or False"),
    ],
)
def test_what_a_file_says_of_its_pixels_is_checked(tmp_path: Path, extra: dict[str, Any], said: str) -> None:
    assert said in refused(tmp_path, **GOOD, **extra)
