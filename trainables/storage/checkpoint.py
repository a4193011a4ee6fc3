"""A trial's checkpoints: `checkpoint/e000012-r2` is the state after 12 classifier epochs and 2 rungs."""

from __future__ import annotations

import logging
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from trainables.storage import tensor_folder

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

FOLDER = "checkpoint"
KEPT = 2
ABANDONED_AFTER_S = 60.0
_NAME = re.compile(r"e(\d{6,})-r(\d+)")


def save(folder: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> dict[str, str]:
    """Write a checkpoint into the trial's `folder`; what the ledger records of it.

    `meta` must hold `epoch` and `rung` (rungs passed), which order the checkpoints. The newest two
    stay. Checkpoints beyond this one are removed: they belong to a future that was given up when
    the trial went back to an earlier state. `path` is relative to `folder`, `sha256` is that of the
    tensor file. Raises OSError (a full disk is the caller's to report).
    """
    name = f"e{meta['epoch']:06d}-r{meta['rung']}"
    sha256 = tensor_folder.write(folder / FOLDER / name, tensors, meta)
    present = _newest_first(folder)
    current = next(i for i, path in enumerate(present) if path.name == name)
    for path in present[:current] + present[current + KEPT :]:
        shutil.rmtree(path, ignore_errors=True)
    for path in (folder / FOLDER).glob(f"{tensor_folder.UNFINISHED}*"):
        # A worker of a killed driver may live on for some seconds and be writing.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - ABANDONED_AFTER_S:
                shutil.rmtree(path, ignore_errors=True)
    return {"path": f"{FOLDER}/{name}", "sha256": sha256}


class Checkpoint(NamedTuple):
    """What a checkpoint holds, and what `save` returned for it."""

    tensors: dict[str, Tensor]
    meta: dict[str, Any]
    record: dict[str, str]


def load_newest(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint in the trial's `folder`; damaged ones are skipped with a warning."""
    return next(newest_first(folder), None)


def newest_first(folder: Path) -> Iterator[Checkpoint]:
    """All whole checkpoints in the trial's `folder`, each loaded when it is asked for."""
    for path in _newest_first(folder):
        try:
            tensors, meta = tensor_folder.read(path)
            record = {"path": f"{FOLDER}/{path.name}", "sha256": tensor_folder.sha256_of(path)}
        except (tensor_folder.DamagedError, FileNotFoundError) as error:
            logger.warning("skipping a damaged checkpoint: %s", error)
        else:
            yield Checkpoint(tensors, meta, record)


def order(name: str) -> tuple[int, int] | None:
    """(epoch, rungs passed) of a checkpoint's name, by which checkpoints are compared; None for another's."""
    match = _NAME.fullmatch(name)
    return None if match is None else (int(match[1]), int(match[2]))


def newest(names: Iterable[str]) -> tuple[int, int] | None:
    """The latest order among the names of checkpoints; other names do not count."""
    return max((found for name in names if (found := order(name)) is not None), default=None)


def _newest_first(folder: Path) -> list[Path]:
    found = [(order(path.name), path) for path in (folder / FOLDER).glob("e*-r*")]
    return [path for place, path in sorted(found, key=lambda pair: pair[0] or (), reverse=True) if place]
