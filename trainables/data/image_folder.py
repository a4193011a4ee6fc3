"""One folder a class, as torchvision's ImageFolder reads them."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np

from trainables.data.dataset import Parts, Source
from trainables.data.given_arrays import CLASS_NAMES, INVERTED, parts_of
from trainables.errors import DataError

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".tif", ".tiff", ".webp"})
SPLITS = {"": "train", "val_": "val", "test_": "test"}
# Modes of PIL whose pixels are grey already.
GREY = {"1", "L", "LA", "I;16"}


def load_image_folder(source: Source) -> Parts:
    """Images of `path/CLASS/...`, or of `path/train/CLASS/...` with `val` and `test` where they are there.

    A class is a folder and bears its name. Files are read in the order of their names, by endings, however
    deep they lie. Pixels of 8 bits become shares of 255, of 16 bits of 65,535. Settings: `height`, `width`,
    to which images are resized (0: all must have one size), `grey` to take coloured images as luminance,
    `inverted` as for .npz files. DataError names the file, and what would be right.
    """
    if source.path is None:
        raise DataError(
            "the dataset image_folder needs path, a folder with a folder of images for each class"
        )
    root = source.path.expanduser()
    if not root.is_dir():
        raise DataError(f"there is no folder {root}")
    given = {prefix: root / name for prefix, name in SPLITS.items() if (root / name).is_dir()}
    folders = given if "" in given else {"": root}
    names = _classes(folders[""])
    arrays: dict[str, np.ndarray] = {CLASS_NAMES: np.array(names)}
    for prefix, folder in folders.items():
        unknown = sorted(set(_classes(folder)) - set(names))
        if unknown:
            raise DataError(f"{folder} has a class {unknown[0]!r}, and {folders['']} has none of that name")
        arrays[f"{prefix}images"], arrays[f"{prefix}labels"] = _read(folder, names, source)
    inverted = source.settings.get(INVERTED)
    if inverted is not None:
        arrays[INVERTED] = np.array(bool(inverted))
    return parts_of(arrays, str(root))


def _classes(folder: Path) -> list[str]:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not names:
        raise DataError(f"{folder} has no folders; one for each class, with its images in it, is needed")
    return names


def _read(folder: Path, names: list[str], source: Source) -> tuple[np.ndarray, np.ndarray]:
    images: list[np.ndarray] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        files = sorted(path for path in (folder / name).rglob("*") if path.suffix.lower() in ENDINGS)
        if not files and (folder / name).is_dir():
            raise DataError(f"{folder / name} has no image; known are {', '.join(sorted(ENDINGS))}")
        for file in files:
            images.append(_pixels(file, source))
            labels.append(label)
            if images[-1].shape != images[0].shape:
                raise DataError(
                    f"{file} has {images[-1].shape} pixels, the images before it {images[0].shape}; "
                    "give data.height and data.width to resize all of them"
                )
    return np.stack(images), np.array(labels, dtype=np.int64)


def _pixels(file: Path, source: Source) -> np.ndarray:
    """float32 (h, w) in [0, 1]."""
    from PIL import Image, UnidentifiedImageError

    height, width = (cast(int, source.settings.get(name, 0)) for name in ("height", "width"))
    try:
        with Image.open(file) as opened:
            if opened.mode not in GREY and not source.settings.get("grey"):
                raise DataError(
                    f"{file} is coloured (mode {opened.mode}); networks here see one channel. Say "
                    "data.grey: true to take its luminance"
                )
            deep = opened.mode == "I;16"
            image = opened.convert("I" if deep else "L").convert("F")
            if height and width:
                image = image.resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(image, dtype=np.float32) / np.float32(65_535 if deep else 255)
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise DataError(f"{file} is no readable image: {error}") from error
