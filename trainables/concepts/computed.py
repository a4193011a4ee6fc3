"""Concepts that a function computes from images, kept on disk by what they depend on where that took long."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from trainables import registry
from trainables.concepts.table import ConceptTable, as_table
from trainables.data.dataset import TensorSplit
from trainables.errors import DataError, MemberError
from trainables.storage.atomic_file import write_whole

VERSION = 1
"""Raised when a set of ours says something else of the same images."""
WORTH_KEEPING_S = 1.0


def computed(name: str, split: TensorSplit) -> ConceptTable:
    """The table of the function `name` of `registry.CONCEPT_TABLES` or of an import path.

    DataError, naming it, if it raises, or for what `as_table` refuses.
    """
    try:
        function, code = registry.CONCEPT_TABLES[name], registry.CONCEPT_TABLES.code(name)
    except MemberError as error:
        raise DataError(str(error)) from error
    place = _folder() / f"{_key(name, code, split)}.npz"
    kept = _kept(place)
    if kept is not None:
        return kept
    began = time.monotonic()
    try:
        found = function(split)
    except Exception as error:  # whatever somebody's function does
        raise DataError(f"{name} raised {type(error).__name__}: {error}") from error
    table = as_table(found, len(split), name)
    if time.monotonic() - began > WORTH_KEEPING_S:
        with suppress(OSError):  # a full disk costs time, not the result
            _keep(place, table)
    return table


def _folder() -> Path:
    """Beside the cache of stages."""
    configured = os.environ.get("SAE_SEARCH_CACHE")
    if configured:
        return Path(configured).resolve().with_name("concepts")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sae-search" / "concepts"


def _key(name: str, code: str | None, split: TensorSplit) -> str:
    images = np.ascontiguousarray(split.images.detach().cpu().numpy())
    labels = np.ascontiguousarray(split.labels.detach().cpu().numpy())
    digest = hashlib.sha256(json.dumps([VERSION, name, code, images.shape, images.dtype.name]).encode())
    digest.update(images.data)
    digest.update(labels.data)
    return digest.hexdigest()


def _keep(place: Path, table: ConceptTable) -> None:
    file = io.BytesIO()
    np.savez(file, values=table.values, names=np.array(table.names), sha256=np.array(_sum(table.values)))
    write_whole(place, file.getvalue())


def _kept(place: Path) -> ConceptTable | None:
    """The table as it was kept; None if it was not, or is damaged."""
    try:
        with np.load(place, allow_pickle=False) as archive:
            table = ConceptTable(tuple(map(str, archive["names"])), archive["values"])
            return table if str(archive["sha256"]) == _sum(table.values) else None
    except Exception:  # not there, or torn in one of numpy's many ways
        return None


def _sum(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()
