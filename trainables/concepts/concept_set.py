"""A set of concepts by its name: its tables over the splits of a data set, and what it is, for cache keys."""

from __future__ import annotations

from pathlib import Path

from trainables import registry
from trainables.concepts.computed import computed
from trainables.concepts.files import RECIPES, digest, is_file, read_recipe, read_table
from trainables.concepts.table import ConceptTable
from trainables.data.dataset import TensorSplit
from trainables.errors import DataError

DEEPEST = 8
"""Recipes that name recipes; more of them lead round in a circle."""


def train_table(name: str, train: TensorSplit, n_all: int | None = None) -> ConceptTable:
    """What the set says of the train images. `n_all` as `files.read_table` has it.

    name: of `registry.CONCEPT_TABLES`, an import path, or the path of a table or a recipe. DataError says in
    one sentence what is wrong with a set.
    """
    return _table(name, train, 0, len(train), n_all)


def tables(
    name: str, train: TensorSplit, val: TensorSplit, n_all: int | None = None
) -> tuple[ConceptTable, ConceptTable]:
    """What it says of the images of train and of val. DataError also for a file with rows of train only."""
    of_train = train_table(name, train, n_all)
    of_val = _table(name, val, len(train), len(train), n_all)
    if of_val.names == of_train.names:
        return of_train, of_val
    # A concept of a function that is the same for all of one split is not there in that split's table.
    both = [concept for concept in of_train.names if concept in of_val.names]
    if not both:
        raise DataError(f"{name} has no concept that varies both over train and over val")
    chosen = (table.only([table.names.index(concept) for concept in both]) for table in (of_train, of_val))
    return next(chosen), next(chosen)


def identity(name: str) -> dict[str, str]:
    """What the set is: its name, and the code of one from outside, or the sha256 of its files."""
    return _identity(name, DEEPEST)


def _table(
    name: str, split: TensorSplit, first: int, n_train: int, n_all: int | None, depth: int = DEEPEST
) -> ConceptTable:
    if not is_file(name):
        return computed(name, split)
    path = Path(name).expanduser()
    if path.suffix not in RECIPES:
        table = read_table(path, n_train, n_all)
        if first + len(split) > len(table.values):
            raise DataError(
                f"{path} has {len(table.values)} rows, train's only; to be measured by, it must go on with "
                "those of val and test"
            )
        return table.rows(first, len(split))
    _refuse_circle(path, depth)
    recipe = read_recipe(path)
    return recipe.chosen(_table(recipe.concepts, split, first, n_train, n_all, depth - 1))


def _identity(name: str, depth: int) -> dict[str, str]:
    if not is_file(name):
        code = registry.CONCEPT_TABLES.code(name)
        return {"concept_table": name} | ({} if code is None else {"concept_table code": code})
    path = Path(name).expanduser()
    own = {"concept_table": digest(path)}
    if path.suffix not in RECIPES:
        return own
    _refuse_circle(path, depth)
    inner = _identity(read_recipe(path).concepts, depth - 1)
    return own | {f"{key} of" if key in own else key: value for key, value in inner.items()}


def _refuse_circle(path: Path, depth: int) -> None:
    if not depth:
        raise DataError(f"{path}: recipes that name each other end in no set")
