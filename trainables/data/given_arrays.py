"""Images and labels that somebody brings as arrays: what may be there, what is refused and in which words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trainables.data.dataset import Parts, Split
from trainables.data.splitting import stratified_split
from trainables.errors import DataError

PREFIXES = ("", "val_", "test_")
NAMES = tuple(f"{prefix}{name}" for prefix in PREFIXES for name in ("images", "labels"))
# What may be said of pixels and classes beside them, so that it stays right wherever they are moved.
SCALE, INVERTED, CLASS_NAMES = "scale", "inverted", "class_names"
BRIGHT = 0.75  # the border's median above which the background is taken for white
DARK_BYTES = 128  # bytes that stay below would be shown at less than half of their brightness
HELD_OUT_SHARE = 0.2


def parts_of(arrays: Mapping[str, np.ndarray], where: str) -> Parts:
    """Three splits from `images` (N, h, w) and `labels` (N,): 60/20/20 by class where none are given.

    images: uint8 from 0 to 255, or floats in [0, 1]; the background is black (0). `scale` beside them is
    the value of full ink where it is another (16 of 0 to 16); `inverted` True turns images x into 1 - x, and
    False says that a bright background is meant. Images that look otherwise are refused with what to write.
    labels: whole numbers 0 to C - 1, each occurring, or names of classes. `class_names` (C,) says what the
    numbers mean. `val_images` with `val_labels`, and `test_images` with `test_labels`, are used as they are
    where present; each one absent takes its 20 % from `images`.
    where: what messages name. DataError says the array, what was found and what would be right.
    """
    _check_names(set(arrays) - {SCALE, INVERTED, CLASS_NAMES}, where)
    arrays, names = _numbered(arrays, where)
    splits = {
        prefix: _checked_split(arrays, prefix, where) for prefix in PREFIXES if f"{prefix}images" in arrays
    }
    main = splits[""]
    n_classes = _count_classes(main.labels, where)
    for prefix, split in splits.items():
        if split.images.shape[1:] != main.images.shape[1:]:
            raise DataError(
                f"{where}: {prefix}images have {split.images.shape[1:]} pixels, "
                f"images {main.images.shape[1:]}"
            )
        if split.labels.max() >= n_classes:
            raise DataError(
                f"{where}: {prefix}labels has {split.labels.max()}, but labels ends at {n_classes - 1}"
            )
    if names and len(names) != n_classes:
        raise DataError(f"{where}: {CLASS_NAMES} has {len(names)} names for {n_classes} classes")
    return _parts(splits, n_classes, names, where)


def _numbered(arrays: Mapping[str, np.ndarray], where: str) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Labels as numbers, and the classes' names in their order; none where nobody says them."""
    labels = [f"{prefix}labels" for prefix in PREFIXES if f"{prefix}labels" in arrays]
    texts = [name for name in labels if arrays[name].dtype.kind == "U"]
    names = _class_names(arrays, where)
    if not texts:
        return dict(arrays), names
    if texts != labels:
        raise DataError(f"{where}: {', '.join(texts)} are names, other labels are numbers; write all one way")
    known = names or tuple(np.unique(arrays["labels"]).tolist())
    number = {name: i for i, name in enumerate(known)}
    found = dict(arrays)
    for name in labels:
        unknown = sorted(set(arrays[name].tolist()) - set(known))
        if unknown:
            raise DataError(f"{where}: {name} has {unknown[0]!r}; the classes are {', '.join(known[:20])}")
        found[name] = np.array([number[label] for label in arrays[name].tolist()], dtype=np.int64)
    return found, known


def _class_names(arrays: Mapping[str, np.ndarray], where: str) -> tuple[str, ...]:
    if CLASS_NAMES not in arrays:
        return ()
    given = arrays[CLASS_NAMES]
    if given.ndim != 1 or given.dtype.kind != "U" or len(set(given.tolist())) != len(given):
        raise DataError(
            f"{where}: {CLASS_NAMES} is {given.dtype} {given.shape}; different texts are needed, one a class"
        )
    return tuple(given.tolist())


def _check_names(found: set[str], where: str) -> None:
    unknown = sorted(found - set(NAMES))
    if unknown:
        known = ", ".join((*NAMES, SCALE, INVERTED, CLASS_NAMES))
        raise DataError(f"{where}: nothing reads {', '.join(unknown)}; known are {known}")
    for prefix in PREFIXES:
        pair = {f"{prefix}images", f"{prefix}labels"}
        missing = sorted(pair - found)
        if missing and (prefix == "" or len(missing) == 1):
            raise DataError(
                f"{where}: {' and '.join(missing)} missing; found {', '.join(sorted(found)) or 'nothing'}"
            )


def _checked_split(arrays: Mapping[str, np.ndarray], prefix: str, where: str) -> Split:
    found = f"{where}: {prefix}images"
    images = _checked_images(arrays[f"{prefix}images"], found, _scale(arrays, where))
    images = _on_black(images, found, _inverted(arrays, where))
    labels = arrays[f"{prefix}labels"]
    found = f"{where}: {prefix}labels"
    if labels.shape != images.shape[:1]:
        raise DataError(f"{found} has shape {labels.shape}; {len(images)} images need ({len(images)},)")
    if labels.dtype.kind not in "iu":
        raise DataError(f"{found} is {labels.dtype}; whole numbers (int64) are needed")
    if labels.min() < 0:
        raise DataError(f"{found} has {labels.min()}; classes are numbered from 0")
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


def _scale(arrays: Mapping[str, np.ndarray], where: str) -> float | None:
    if SCALE not in arrays:
        return None
    given = arrays[SCALE]
    if given.shape != () or given.dtype.kind not in "uif" or not (np.isfinite(given) and given > 0):
        raise DataError(f"{where}: {SCALE} is {given!r}; one number above 0 is needed, the value of full ink")
    return float(given)


def _inverted(arrays: Mapping[str, np.ndarray], where: str) -> bool | None:
    if INVERTED not in arrays:
        return None
    given = arrays[INVERTED]
    if given.shape != () or given.dtype != np.bool_:
        raise DataError(f"{where}: {INVERTED} is {given!r}; True or False is needed")
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
            f"looked for on black (0). Say {INVERTED}=True beside them to turn them round, or "
            f"{INVERTED}=False if it is meant"
        )
    return images


def _count_classes(labels: np.ndarray, where: str) -> int:
    present = np.unique(labels)
    n_classes = len(present)
    if n_classes < 2:
        raise DataError(
            f"{where}: labels has only class {present[0]}; a classifier needs two classes or more"
        )
    if present[-1] != n_classes - 1:
        absent = next(label for label in range(n_classes) if present[label] != label)
        raise DataError(
            f"{where}: labels goes up to {present[-1]} but has no {absent}; number the {n_classes} classes "
            f"from 0 to {n_classes - 1}"
        )
    return n_classes


def _parts(splits: dict[str, Split], n_classes: int, names: tuple[str, ...], where: str) -> Parts:
    main = splits[""]
    absent = [prefix for prefix in PREFIXES[1:] if prefix not in splits]
    try:
        rows = stratified_split(main.labels, (HELD_OUT_SHARE,) * len(absent))
    except DataError as error:
        raise DataError(f"{where}: {error}") from error
    for prefix, part in zip(["", *absent], rows, strict=True):
        splits[prefix] = Split(main.images[part], main.labels[part])
    return Parts(splits[""], splits["val_"], splits["test_"], n_classes, class_names=names)
