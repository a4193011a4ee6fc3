"""Concepts that lie in a file: a table with a row for each image, or a recipe that names other sets.

A table is .csv (a header with names), .parquet, or .npz with an array `concepts` (images, c) and, if they
have any, `names`. Its rows are those of train, or of train, val and test one after the other. A recipe is
YAML:

    concepts: strokes            # a set by name, import path or file
    without: [symmetry]          # groups or single concepts that are left out; or
    only: [ends, holes/count]    # all that are kept
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from trainables.concepts.table import ConceptTable, as_table, group_of
from trainables.errors import DataError
from trainables.settings.auxiliary import CONCEPT_FILE

ARRAY, NAMES = "concepts", "names"
RECIPES = (".yaml", ".yml")


@dataclass(frozen=True)
class Recipe:
    """Another set, without some of its concepts."""

    concepts: str
    without: tuple[str, ...]
    only: tuple[str, ...]
    label: str

    def chosen(self, table: ConceptTable) -> ConceptTable:
        """The concepts that it keeps. DataError for a name that the set lacks, or if none is left."""
        for name in (*self.without, *self.only):
            if not any(_is_called(concept, name) for concept in table.names):
                groups = ", ".join(dict.fromkeys(map(group_of, table.names)))
                raise DataError(
                    f"{self.label}: {self.concepts} has no concept or group {name!r}; groups: {groups}"
                )
        kept = [
            i
            for i, concept in enumerate(table.names)
            if not any(_is_called(concept, name) for name in self.without)
            and (not self.only or any(_is_called(concept, name) for name in self.only))
        ]
        if not kept:
            raise DataError(f"{self.label} leaves no concept of {self.concepts}")
        return table.only(kept)


def read_table(path: Path, n_train: int, n_all: int | None) -> ConceptTable:
    """The table of a file, its rows counted from the first train image.

    n_all: images of train, val and test together, None where that is not known. DataError says what is wrong.
    """
    reader = {".csv": _csv, ".parquet": _parquet}.get(path.suffix, _npz)
    found, names = reader(path)
    rows = len(found) if found.ndim else 0
    if n_all is None and rows > n_train:
        n_train = rows
    if n_all is not None and rows not in (n_train, n_all):
        raise DataError(
            f"{path} has {rows} rows; there are {n_train} train images, and {n_all} with val and test"
        )
    return as_table(found, n_all if n_all is not None and rows == n_all else n_train, str(path), names)


def read_recipe(path: Path) -> Recipe:
    """A YAML file. DataError with the key that is wrong and what would be right."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"the concept set {path} cannot be read as YAML: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("concepts"), str):
        raise DataError(f"{path} must say `concepts: NAME`, a set by its name, import path or file")
    unknown = set(found) - {"concepts", "without", "only"}
    if unknown:
        raise DataError(f"{path}: unknown key {min(map(str, unknown))!r}; there are concepts, without, only")
    lists = {key: found.get(key) or [] for key in ("without", "only")}
    for key, names in lists.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise DataError(f"{path}: {key} must list groups or concepts, as [symmetry, ends/count]")
    concepts = found["concepts"]
    inner = Path(concepts).expanduser()
    if is_file(concepts) and not inner.is_absolute():
        concepts = str(path.parent / inner)
    return Recipe(concepts, tuple(lists["without"]), tuple(lists["only"]), str(path))


def is_file(name: str) -> bool:
    """Whether a set's name is the path of a file."""
    return re.fullmatch(CONCEPT_FILE, name) is not None


def digest(path: Path) -> str:
    """sha256 of a file. DataError if it cannot be read."""
    try:
        return hashlib.sha256(path.expanduser().read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"the concept table {path} cannot be read: {error.strerror}") from error


def _is_called(concept: str, name: str) -> bool:
    return name in (concept, group_of(concept))


Read = tuple[np.ndarray, Sequence[str] | None]


def _npz(path: Path) -> Read:
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile) or ARRAY not in archive.files:
                raise DataError(f"{path} has no array {ARRAY}; write it with numpy.savez(path, {ARRAY}=...)")
            names = [str(name) for name in archive[NAMES]] if NAMES in archive.files else None
            return np.asarray(archive[ARRAY]), names
    except FileNotFoundError as error:
        raise DataError(f"there is no concept table {path}") from error
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a readable .npz file of plain arrays: {error}") from error


def _csv(path: Path) -> Read:
    import pandas

    return _frame(path, lambda: pandas.read_csv(path))


def _parquet(path: Path) -> Read:
    import pandas

    return _frame(path, lambda: pandas.read_parquet(path))


def _frame(path: Path, read: Callable[[], object]) -> Read:
    import pandas

    try:
        frame = read()
    except FileNotFoundError as error:
        raise DataError(f"there is no concept table {path}") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is not a readable {path.suffix} table: {error}") from error
    assert isinstance(frame, pandas.DataFrame)
    for name in frame.columns:
        if frame[name].dtype.kind not in "fiub":
            value = next(iter(frame[name]), None)
            raise DataError(
                f"{path}: column {name} holds {value!r}; concepts are numbers, 0 and 1 for no and yes"
            )
    return frame.to_numpy(), [str(name) for name in frame.columns]
