"""Images and labels as a trial sees them: numpy arrays to share, tensors to train on."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from trainables import registry
from trainables.errors import DataError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Split:
    """images float32 (N, h, w) in [0, 1], black = 0; labels int64 (N,). Both arrays are read-only."""

    images: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        if self.images.ndim != 3 or self.images.dtype != np.float32:
            raise DataError(f"images must be float32 (N, h, w), got {self.images.dtype} {self.images.shape}")
        if self.labels.shape != self.images.shape[:1] or self.labels.dtype != np.int64:
            raise DataError(
                f"labels must be int64 ({len(self.images)},), got {self.labels.dtype} {self.labels.shape}"
            )
        # Shared arrays come read-only out of a mapped file or the object store; being so from the start shows
        # a wrong writer in every test, not only on a cluster.
        self.images.setflags(write=False)
        self.labels.setflags(write=False)

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, n: int) -> Split:
        """The first `n` samples (all, if there are fewer)."""
        return Split(np.ascontiguousarray(self.images[:n]), np.ascontiguousarray(self.labels[:n]))


@dataclass(frozen=True)
class Source:
    """Where a loader may look, and what it may be told.

    root: the folder of torchvision's folders; path: the file of `npz`; settings: a dataset's own, by name.
    """

    root: Path | None = None
    path: Path | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PartTruth:
    """What planted images are made of: strokes (P, h, w) in [0, 1], and how strongly each is in each image.

    strengths: float32 (n, P) of train, val and test, 0 where the part is absent.
    """

    strokes: np.ndarray
    strengths: tuple[np.ndarray, ...]

    @property
    def val(self) -> np.ndarray:
        """Strengths (n, P) in the images of val."""
        return self.strengths[1]

    @property
    def test(self) -> np.ndarray:
        """Strengths (n, P) in the images of test."""
        return self.strengths[2]

    def first(self, n: int) -> PartTruth:
        """That of the first `n` images of each split."""
        return PartTruth(self.strokes, tuple(part[:n] for part in self.strengths))


@dataclass(frozen=True)
class Parts:
    """What a loader returns: three shuffled splits without common samples; the truth of planted images; what
    the classes are called, () where their numbers are all that is known."""

    train: Split
    val: Split
    test: Split
    n_classes: int
    truth: PartTruth | None = None
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """Three disjoint splits. `key` is the sha256 of their contents and enters every stage's cache key.

    `truth` says what planted images are made of; None where nobody knows. `class_names` are the numbers where
    nobody gave others; they are no part of the key, for nothing is trained on them.
    """

    name: str
    train: Split
    val: Split
    test: Split
    n_classes: int
    key: str
    truth: PartTruth | None = None
    class_names: tuple[str, ...] = ()

    @property
    def image_shape(self) -> tuple[int, int]:
        """(h, w) of every image."""
        return (int(self.train.images.shape[1]), int(self.train.images.shape[2]))


@dataclass(frozen=True)
class TensorSplit:
    """images float32 (n, h, w), labels int64 (n,), on one device."""

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class ImageData:
    """What a trial trains on and is scored on; `key` says which data that is."""

    train: TensorSplit
    val: TensorSplit
    n_classes: int
    image_shape: tuple[int, int]
    key: str


def load_dataset(
    name: str,
    root: str | Path | None = None,
    path: str | Path | None = None,
    limit: int | None = None,
    settings: Mapping[str, object] | None = None,
) -> Dataset:
    """The dataset `name` of `registry.DATASETS`, always split the same way.

    root: where torchvision's folders lie (see `trainables.data.location`); digits and npz ignore it.
    path: the file of `npz`, refused for the others. limit: keep at most this many images of each
    split; the splits are shuffled, so the first ones are a sample. settings: those of `planted` (see
    `PlantedConfig`), refused for the others.
    Raises DataError if the data is missing, damaged or not what it should be.
    """
    if not registry.DATASETS.is_named(name):
        raise DataError(f"no dataset is called {name!r}; there are {', '.join(registry.DATASETS)}")
    config = registry.DATASETS[name]
    if path is not None and not config.takes_path:
        raise DataError(
            f"path is where npz, image_folder and module find data; {name} has none, leave path out"
        )
    if settings and not config.model_fields:
        raise DataError(f"{name} takes no settings of its own; leave out {', '.join(settings)}")
    if limit is not None and limit < 1:
        raise DataError(f"limit must be at least 1 image, got {limit}")
    source = Source(
        None if root is None else Path(root), None if path is None else Path(path), dict(settings or {})
    )
    parts: Parts = config.load_implementation()(source)
    train, val, test, truth = parts.train, parts.val, parts.test, parts.truth
    if limit is not None:
        train, val, test = train.first(limit), val.first(limit), test.first(limit)
        truth = None if truth is None else truth.first(limit)
    key = _content_key((train, val, test), parts.n_classes)
    names = parts.class_names or tuple(map(str, range(parts.n_classes)))
    return Dataset(name, train, val, test, parts.n_classes, key, truth, names)


def to_tensors(
    dataset: Dataset, device: torch.device | str = "cpu", score_on: Literal["val", "test"] = "val"
) -> ImageData:
    """Train and val on `device`; on the CPU they share memory with `dataset` and must not be written to.

    All workers of a node then read one copy, in a mapped file or in Ray's object store. Nothing in this
    project writes to images or labels in place; a test trains on memory where that would end the process.

    score_on="test" puts the test split in val's place, for the one final scoring; the key then says so,
    and nothing cached for the search is mistaken for it.
    """
    scored = dataset.val if score_on == "val" else dataset.test
    key = dataset.key if score_on == "val" else hashlib.sha256(f"{dataset.key} test".encode()).hexdigest()
    return ImageData(
        _tensor_split(dataset.train, device),
        _tensor_split(scored, device),
        dataset.n_classes,
        dataset.image_shape,
        key,
    )


def _tensor_split(split: Split, device: torch.device | str) -> TensorSplit:
    import torch  # here, because a driver has a data set and trains nothing on it

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        images, labels = torch.from_numpy(split.images), torch.from_numpy(split.labels)
    return TensorSplit(images.to(device), labels.to(device))


def _content_key(splits: tuple[Split, ...], n_classes: int) -> str:
    digest = hashlib.sha256(f"{n_classes} classes".encode())
    for split in splits:
        for array in (split.images, split.labels):
            little_endian = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
            digest.update(f"{array.dtype.name} {array.shape}".encode())
            digest.update(little_endian.data)
    return digest.hexdigest()
