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
# What a file may say of its pixels, so that it stays right wherever it is moved.
SCALE, INVERTED = "scale", "inverted"
BRIGHT = 0.75  # the border's median above which the background is taken for white
DARK_BYTES = 128  # bytes that stay below would be shown at less than half of their brightness
HELD_OUT_SHARE = 0.2


def load_npz(source: Source) -> Parts:
    """Reads `images` (N, h, w) and `labels` (N,), split 60/20/20 by class into train, val and test.

    images: uint8 from 0 to 255, or floats in [0, 1]; the background is black (0). `scale` beside them is
    the value of full ink where it is another (16 of 0 to 16); `inverted` True turns images x into 1 - x, and
    False says that a bright background is meant. Images that look otherwise are refused with what to write.
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
            _check_names(set(archive.files) - {SCALE, INVERTED}, path)
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
        known = ", ".join((*NAMES, SCALE, INVERTED))
        raise DataError(f"{path}: nothing reads {', '.join(unknown)}; known are {known}")
    for prefix in PREFIXES:
        pair = {f"{prefix}images", f"{prefix}labels"}
        missing = sorted(pair - found)
        if missing and (prefix == "" or len(missing) == 1):
            raise DataError(
                f"{path}: {' and '.join(missing)} missing; found {', '.join(sorted(found)) or 'nothing'}"
            )


def _checked_split(arrays: dict[str, np.ndarray], prefix: str, path: Path) -> Split:
    where = f"{path}: {prefix}images"
    images = _checked_images(arrays[f"{prefix}images"], where, _scale(arrays, path))
    images = _on_black(images, where, _inverted(arrays, path))
    labels = arrays[f"{prefix}labels"]
    where = f"{path}: {prefix}labels"
    if labels.shape != images.shape[:1]:
        raise DataError(f"{where} has shape {labels.shape}; {len(images)} images need ({len(images)},)")
    if labels.dtype.kind not in "iu":
        raise DataError(f"{where} is {labels.dtype}; whole numbers (int64) are needed")
    if labels.min() < 0:
        raise DataError(f"{where} has {labels.min()}; classes are numbered from 0")
    return Split(images, labels.astype(np.int64))


def _checked_images(images: np.ndarray, where: str, scale: float | None) -> np.ndarray:
    """float32 in [0, 1], or DataError."""
    if images.ndim != 3 or 0 in images.shape:
        raise DataError(f"{where} has shape {images.shape}; (N, height, width), none of them 0, is needed")
    if images.dtype.kind not in "uif":
        raise DataError(f"{where} is {images.dtype}; uint8 from 0 to 255 or floats in [0, 1] are needed")
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise DataError(f"{where} has NaN or infinite pixels")
    low, high = images.min(), images.max()
    top = (255 if images.dtype == np.uint8 else 1) if scale is None else scale
    found = f"{where} is {images.dtype} from {low:g} to {high:g}"
    needed = "floats in [0, 1] or uint8 up to 255 are needed"
    if low < 0:
        raise DataError(
            f"{found}; {needed}. Save the images as they were before they were centred or standardised, "
            f"or as (images + {-low:g}) / {high - low:g}"
        )
    if scale is None and images.dtype == np.uint8 and 0 < high < DARK_BYTES:
        raise DataError(f"{found}: divided by 255, full ink would be {high / 255:.2g}. {_write(high)}")
    if high > top:
        above = int((images > top).sum())
        raise DataError(
            f"{found}; {needed}. {above} of {images.size} pixels lie above {top:g}. {_write(high)}, "
            f"or cut them off with images.clip(0, {top:g})"
        )
    return np.ascontiguousarray(images, dtype=np.float32) / np.float32(top)


def _write(scale: float) -> str:
    return f"Say what full ink is: numpy.savez(path, images=..., labels=..., {SCALE}={scale:g})"


def _scale(arrays: dict[str, np.ndarray], path: Path) -> float | None:
    if SCALE not in arrays:
        return None
    given = arrays[SCALE]
    if given.shape != () or given.dtype.kind not in "uif" or not (np.isfinite(given) and given > 0):
        raise DataError(f"{path}: {SCALE} is {given!r}; one number above 0 is needed, the value of full ink")
    return float(given)


def _inverted(arrays: dict[str, np.ndarray], path: Path) -> bool | None:
    if INVERTED not in arrays:
        return None
    given = arrays[INVERTED]
    if given.shape != () or given.dtype != np.bool_:
        raise DataError(f"{path}: {INVERTED} is {given!r}; True or False is needed")
    return bool(given)


def _on_black(images: np.ndarray, where: str, inverted: bool | None) -> np.ndarray:
    """Strokes on black; DataError where the border is bright and the file does not say what is meant."""
    if inverted is not None:
        return np.float32(1) - images if inverted else images
    ring = np.concatenate([part.ravel() for part in (images[:, [0, -1]], images[:, :, [0, -1]])])
    bright = float(np.median(ring))
    if bright >= BRIGHT:
        raise DataError(
            f"{where} have a bright background: the median of their border is {bright:.2f}, and strokes are "
            f"looked for on black (0). Add {INVERTED}=True to the file to turn them round, or "
            f"{INVERTED}=False if it is meant"
        )
    return images


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
