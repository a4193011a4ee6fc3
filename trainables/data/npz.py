"""A user's own images from one .npz file."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from trainables.data.dataset import Parts, Source, Split
from trainables.data.splitting import stratified_split
from trainables.errors import DataError

PREFIXES = ("", "val_", "test_")
NAMES = tuple(f"{prefix}{name}" for prefix in PREFIXES for name in ("images", "labels"))
HELD_OUT_SHARE = 0.2


def load_npz(source: Source) -> Parts:
    """Reads `images` (N, h, w) and `labels` (N,), split 60/20/20 by class into train, val and test.

    images: uint8 from 0 to 255, or floats in [0, 1]; the background should be black (0).
    labels: whole numbers 0 to C - 1, each occurring.
    `val_images` with `val_labels`, and `test_images` with `test_labels`, are used as they are where
    present; each one absent takes its 20 % from `images`.
    DataError says the file, the array, what was found and what would be right. Never unpickles.
    """
    if source.path is None:
        raise DataError("the dataset npz needs path, the .npz file with the arrays images and labels")
    path = source.path.expanduser()
    arrays = _read_arrays(path)
    splits = {
        prefix: _checked_split(arrays, prefix, path) for prefix in PREFIXES if f"{prefix}images" in arrays
    }
    main = splits[""]
    n_classes = _count_classes(main.labels, path)
    for prefix, split in splits.items():
        if split.images.shape[1:] != main.images.shape[1:]:
            raise DataError(
                f"{path}: {prefix}images have {split.images.shape[1:]} pixels, images {main.images.shape[1:]}"
            )
        if split.labels.max() >= n_classes:
            raise DataError(
                f"{path}: {prefix}labels has {split.labels.max()}, but labels ends at {n_classes - 1}"
            )
    return _parts(splits, n_classes, path)


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise DataError(
                    f"{path} holds a single array; write it with numpy.savez(path, images=..., labels=...)"
                )
            _check_names(set(archive.files), path)
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError as error:
        raise DataError(f"there is no file {path}") from error
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} is not a readable .npz file of plain arrays: {error}") from error
    for name, array in arrays.items():
        # numpy hands out a member that is no array as its bytes.
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path}: {name} is not an array; write the file with numpy.savez")
    return arrays


def _check_names(found: set[str], path: Path) -> None:
    unknown = sorted(found - set(NAMES))
    if unknown:
        raise DataError(f"{path}: nothing reads {', '.join(unknown)}; known are {', '.join(NAMES)}")
    for prefix in PREFIXES:
        pair = {f"{prefix}images", f"{prefix}labels"}
        missing = sorted(pair - found)
        if missing and (prefix == "" or len(missing) == 1):
            raise DataError(
                f"{path}: {' and '.join(missing)} missing; found {', '.join(sorted(found)) or 'nothing'}"
            )


def _checked_split(arrays: dict[str, np.ndarray], prefix: str, path: Path) -> Split:
    images = _checked_images(arrays[f"{prefix}images"], f"{path}: {prefix}images")
    labels = arrays[f"{prefix}labels"]
    where = f"{path}: {prefix}labels"
    if labels.shape != images.shape[:1]:
        raise DataError(f"{where} has shape {labels.shape}; {len(images)} images need ({len(images)},)")
    if labels.dtype.kind not in "iu":
        raise DataError(f"{where} is {labels.dtype}; whole numbers (int64) are needed")
    if labels.min() < 0:
        raise DataError(f"{where} has {labels.min()}; classes are numbered from 0")
    return Split(images, labels.astype(np.int64))


def _checked_images(images: np.ndarray, where: str) -> np.ndarray:
    """float32 in [0, 1], or DataError."""
    if images.ndim != 3 or 0 in images.shape:
        raise DataError(f"{where} has shape {images.shape}; (N, height, width), none of them 0, is needed")
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if images.dtype.kind != "f":
        raise DataError(f"{where} is {images.dtype}; uint8 from 0 to 255 or floats in [0, 1] are needed")
    if not np.isfinite(images).all():
        raise DataError(f"{where} has NaN or infinite pixels")
    low, high = images.min(), images.max()
    if low < 0 or high > 1:
        raise DataError(
            f"{where} reaches from {low:g} to {high:g}; floats must lie in [0, 1], or be uint8 up to 255"
        )
    return np.ascontiguousarray(images, dtype=np.float32)


def _count_classes(labels: np.ndarray, path: Path) -> int:
    present = np.unique(labels)
    n_classes = len(present)
    if n_classes < 2:
        raise DataError(f"{path}: labels has only class {present[0]}; a classifier needs two classes or more")
    if present[-1] != n_classes - 1:
        absent = next(label for label in range(n_classes) if present[label] != label)
        raise DataError(
            f"{path}: labels goes up to {present[-1]} but has no {absent}; number the {n_classes} classes "
            f"from 0 to {n_classes - 1}"
        )
    return n_classes


def _parts(splits: dict[str, Split], n_classes: int, path: Path) -> Parts:
    main = splits[""]
    absent = [prefix for prefix in PREFIXES[1:] if prefix not in splits]
    try:
        rows = stratified_split(main.labels, (HELD_OUT_SHARE,) * len(absent))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    for prefix, part in zip(["", *absent], rows, strict=True):
        splits[prefix] = Split(main.images[part], main.labels[part])
    return Parts(splits[""], splits["val_"], splits["test_"], n_classes)
