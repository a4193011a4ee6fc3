"""What concepts say of images: a number for each image and concept, with names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainables.errors import DataError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ConceptTable:
    """Values float64 (n, c) of concepts by name. What stands before a slash in a name is its group."""

    names: tuple[str, ...]
    values: Floats

    def rows(self, first: int, n: int) -> ConceptTable:
        """The part of `n` images from `first` on."""
        return ConceptTable(self.names, self.values[first : first + n])

    def only(self, kept: Sequence[int]) -> ConceptTable:
        """The columns of these places, in their order."""
        return ConceptTable(tuple(self.names[i] for i in kept), self.values[:, list(kept)])


def group_of(name: str) -> str:
    """`ends` of `ends/upper_left`; a concept without a slash is a group of its own."""
    return name.partition("/")[0]


def as_table(found: object, n_images: int, label: str, names: Sequence[str] | None = None) -> ConceptTable:
    """What a function or a file gives as a checked table; `label` begins every message.

    found: name -> (n,) or (n, c), or an array (n, c) whose columns are called by `names`, else by their
    number. DataError says what is wrong: another number of rows, text, NaN, a concept that is the same for
    all images and so teaches nothing, two of one name.
    """
    if isinstance(found, Mapping):
        names, values = _columns(found, n_images, label)
    else:
        values = np.asarray(found)
        if values.ndim != 2 or values.shape[1] == 0 or values.dtype.kind not in "fiub":
            raise DataError(
                f"{label} is {values.dtype} {values.shape}; numbers (images, concepts) are needed"
            )
        _refuse_length(len(values), n_images, label)
        names = [str(i) for i in range(values.shape[1])] if names is None else [str(name) for name in names]
    if len(names) != values.shape[1]:
        raise DataError(f"{label} has {len(names)} names for {values.shape[1]} concepts")
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise DataError(f"{label}: two concepts are called {twice[0]!r}; call each once")
    values = values.astype(np.float64)
    for name, column in zip(names, values.T, strict=True):
        if not np.isfinite(column).all():
            row = int(np.flatnonzero(~np.isfinite(column))[0])
            raise DataError(f"{label}: {name} has NaN or infinite values, the first for image {row}")
        if len(column) and np.ptp(column) == 0:
            raise DataError(f"{label}: {name} is the same for all images; leave it out")
    return ConceptTable(tuple(names), values)


def _columns(found: Mapping[object, object], n_images: int, label: str) -> tuple[list[str], Floats]:
    """Names and values of a mapping; a block of several columns has its columns numbered."""
    names: list[str] = []
    blocks: list[np.ndarray] = []
    for key, own in found.items():
        block = np.asarray(own)
        if block.dtype.kind not in "fiub" or block.ndim not in (1, 2):
            raise DataError(
                f"{label}: {key} is {block.dtype} {block.shape}; a number for each image is needed"
            )
        _refuse_length(len(block), n_images, f"{label}: {key}")
        names += [str(key)] if block.ndim == 1 else [f"{key}/{i}" for i in range(block.shape[1])]
        blocks.append(block[:, None] if block.ndim == 1 else block)
    if not names:
        raise DataError(f"{label} has no concept in it")
    return names, np.concatenate(blocks, axis=1)


def _refuse_length(rows: int, n_images: int, label: str) -> None:
    if rows != n_images:
        raise DataError(f"{label} has {rows} rows, but there are {n_images} images")
