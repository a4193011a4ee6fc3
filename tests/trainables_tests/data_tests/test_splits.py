"""Every image lies in one split, always the same one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from sklearn import datasets

from trainables import registry
from trainables.data.dataset import Dataset, Split, load_dataset, to_tensors
from trainables.data.splitting import shuffled, stratified_split
from trainables.errors import DataError
from trainables.seeds import generator


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def contents(*splits: Split) -> Counter[bytes]:
    return Counter(
        image.tobytes() + label.tobytes()
        for split in splits
        for image, label in zip(split.images, split.labels, strict=True)
    )


def test_digits_are_all_there_once(digits: Dataset) -> None:
    bunch = datasets.load_digits()
    whole = Split((bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64))
    assert contents(digits.train, digits.val, digits.test) == contents(whole)
    assert not contents(digits.test) & contents(digits.train, digits.val)
    assert not contents(digits.val) & contents(digits.train)


def test_digits_are_split_by_class(digits: Dataset) -> None:
    counts = np.stack([np.bincount(split.labels) for split in (digits.train, digits.val, digits.test)])
    shares = counts / counts.sum(axis=0)
    np.testing.assert_allclose(shares, np.array([[0.6], [0.2], [0.2]]) * np.ones(10), atol=0.01)


def test_digits_never_change(digits: Dataset) -> None:
    """A new key means that earlier results were found, or scored, on other images."""
    assert digits.key == "060a2b3f77433e8ce458926780c7b607ecc21f51facbda7110d7d80657eb4a7d"
    assert (digits.n_classes, digits.image_shape) == (10, (8, 8))


def test_key_follows_the_contents(digits: Dataset) -> None:
    assert load_dataset("digits").key == digits.key
    keys = {load_dataset("digits", limit=limit).key for limit in (100, 101)} | {digits.key}
    assert len(keys) == 3


def test_limit_takes_a_mixed_beginning(digits: Dataset) -> None:
    few = load_dataset("digits", limit=100)
    for part, whole in ((few.train, digits.train), (few.val, digits.val), (few.test, digits.test)):
        assert len(part) == 100
        np.testing.assert_array_equal(part.images, whole.images[:100])
        assert np.bincount(part.labels, minlength=10).min() > 0
    assert len(load_dataset("digits", limit=10**9).train) == len(digits.train)


def test_arrays_are_read_only_and_tensors_share_their_memory(digits: Dataset) -> None:
    assert not digits.train.images.flags.writeable
    data = to_tensors(digits)
    for tensors, split in ((data.train, digits.train), (data.val, digits.val)):
        assert tensors.images.data_ptr() == split.images.ctypes.data
        assert tensors.labels.data_ptr() == split.labels.ctypes.data
    assert data.train.images.dtype == torch.float32
    assert data.train.labels.dtype == torch.int64
    assert (data.n_classes, data.image_shape, data.key) == (10, (8, 8), digits.key)
    assert torch.equal(data.val.labels, torch.tensor(digits.val.labels))


def test_scoring_on_test_is_another_data_set(digits: Dataset) -> None:
    data = to_tensors(digits, score_on="test")
    assert torch.equal(data.val.images, torch.tensor(digits.test.images))
    assert torch.equal(data.train.images, torch.tensor(digits.train.images))
    assert data.key != digits.key


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": "minst"}, ["minst", "mnist", "digits"]),
        ({"name": "digits", "path": "my.npz"}, ["path", "npz", "digits"]),
        ({"name": "digits", "limit": 0}, ["limit", "0"]),
        ({"name": "npz"}, ["npz", "path", "images", "labels"]),
    ],
)
def test_wrong_arguments_say_what_is_right(arguments: dict[str, object], words: list[str]) -> None:
    with pytest.raises(DataError) as raised:
        load_dataset(**arguments)  # type: ignore[arg-type]
    assert all(word in str(raised.value) for word in words)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((2, 8, 8)), np.zeros(2, np.int64)),
        (np.zeros((2, 64), np.float32), np.zeros(2, np.int64)),
        (np.zeros((2, 8, 8), np.float32), np.zeros(3, np.int64)),
        (np.zeros((2, 8, 8), np.float32), np.zeros(2, np.int32)),
    ],
)
def test_a_split_refuses_other_types(images: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(DataError):
        Split(images, labels)


def test_every_registered_dataset_has_its_loader() -> None:
    for name in registry.DATASETS:
        assert callable(registry.DATASETS[name])


@pytest.mark.parametrize("shares", [(), (0.2,), (0.2, 0.2), (0.5, 0.25)])
def test_stratified_parts_are_a_mixed_partition(shares: tuple[float, ...]) -> None:
    labels = torch.randint(0, 7, (500,), generator=generator(0)).numpy()
    parts = stratified_split(labels, shares)
    assert len(parts) == len(shares) + 1
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(500))
    for part, share in zip(parts[1:], shares, strict=True):
        expected = np.bincount(labels) * share
        assert np.abs(np.bincount(labels[part], minlength=7) - expected).max() <= 0.5
    # Sorted classes or indices in any part would show as a correlation with the position.
    for part in parts:
        for values in (part, labels[part]):
            assert abs(np.corrcoef(np.arange(len(part)), values)[0, 1]) < 0.25


def test_a_class_with_too_few_images_is_named() -> None:
    with pytest.raises(DataError, match="class 3 has 2 images"):
        stratified_split(np.array([0] * 5 + [3] * 2), (0.2, 0.2))


def test_shuffle_is_a_fixed_permutation() -> None:
    np.testing.assert_array_equal(shuffled(6), [4, 3, 2, 1, 0, 5])
    np.testing.assert_array_equal(np.sort(shuffled(1000)), np.arange(1000))
