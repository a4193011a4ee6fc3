"""Images that a function of one's own returns: arrays, or the torch data sets that a training script has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trainables.data.dataset import Parts, Source
from trainables.data.given_arrays import PREFIXES, parts_of
from trainables.errors import DataError, MemberError
from trainables.foreign import import_object, is_import_path

RETURNS = (
    "it must return a dict of arrays (images, labels, val_images ...), or one, two or three data sets "
    "(train, val, test), each a torch Dataset of (image, label) or a pair of arrays"
)


def load_own(source: Source) -> Parts:
    """What the function `data.path = package.module:function` returns when it is called without arguments.

    A dict is read like an .npz file, see `given_arrays.parts_of`. A data set is read from its first sample to
    its last: an image is an array or tensor (h, w) or (1, h, w), or a grey PIL image. Of a single data set
    20 % each become val and test; of two the second is test. Its `classes`, as torchvision's data sets have
    them, name the classes.
    DataError says what is wrong with the function or with what it returned.
    """
    name = "" if source.path is None else str(source.path)
    if not is_import_path(name):
        raise DataError(f"the dataset module needs path, a function as package.module:function; got {name!r}")
    try:
        function = import_object(name)
    except MemberError as error:
        raise DataError(str(error)) from None
    if not callable(function):
        raise DataError(f"{name} is no function but {type(function).__name__}")
    try:
        returned = function()
    except Exception as error:
        raise DataError(f"{name} failed: {type(error).__name__}: {error}") from error
    return parts_of(_arrays(returned, name), name)


def _arrays(returned: Any, name: str) -> dict[str, np.ndarray]:
    if isinstance(returned, Mapping):
        return {str(key): _array(value) for key, value in returned.items()}
    # A pair of arrays is one data set, another tuple several.
    is_one = _is_pair(returned) or not isinstance(returned, tuple | list)
    sets = [returned] if is_one else list(returned)
    if not 1 <= len(sets) <= len(PREFIXES):
        raise DataError(f"{name} returned {len(sets)} things; {RETURNS}")
    arrays: dict[str, np.ndarray] = {}
    for prefix, data in zip(("", "test_") if len(sets) == 2 else PREFIXES, sets, strict=False):
        arrays[f"{prefix}images"], arrays[f"{prefix}labels"] = _read(data, name)
    classes = getattr(sets[0], "classes", None)
    if classes is not None:
        arrays["class_names"] = np.array([str(text) for text in classes])
    return arrays


def _is_pair(data: object) -> bool:
    return isinstance(data, tuple | list) and len(data) == 2 and all(hasattr(part, "shape") for part in data)


def _read(data: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of one data set."""
    if _is_pair(data):
        return _array(data[0]), _array(data[1])
    if not (hasattr(data, "__getitem__") and hasattr(data, "__len__")):
        raise DataError(f"{name} returned {type(data).__name__}; {RETURNS}")
    images, labels = [], []
    for i in range(len(data)):
        sample = data[i]
        if not isinstance(sample, Sequence) or len(sample) < 2:
            raise DataError(f"{name}: sample {i} is {type(sample).__name__}; a pair (image, label) is needed")
        images.append(_grey(_array(sample[0]), f"{name}: the image of sample {i}"))
        labels.append(int(sample[1]))
    sizes = {image.shape for image in images}
    if len(sizes) != 1:
        found = ", ".join(map(str, sorted(sizes)[:3])) or "no image"
        raise DataError(f"{name}: images of one size are needed; it has {found}")
    return np.stack(images), np.array(labels, dtype=np.int64)


def _grey(image: np.ndarray, where: str) -> np.ndarray:
    """Without the axis of a single channel."""
    flat = image[0] if image.ndim == 3 and image.shape[0] == 1 else image
    if flat.ndim != 2:
        raise DataError(f"{where} has shape {image.shape}; grey images (h, w) or (1, h, w) are needed")
    return flat


def _array(value: Any) -> np.ndarray:
    """A numpy array of an array, tensor, list or PIL image."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    array = np.asarray(value)
    return array.astype(np.int64) if array.dtype == np.bool_ and array.ndim else array
