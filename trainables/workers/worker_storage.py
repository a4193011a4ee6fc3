"""What a worker does with shared storage: it works on its own disk and never fails a trial over the storage.

On the driver's node trials lie in the run directory as ever. On another node they lie in a private scratch
folder, which the storage outlives; a trial that comes to a node is fetched if the storage has more of it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from trainables.storage import tensor_folder
from trainables.storage.object_store import Store
from trainables.storage.trial_storage import TrialStorage

logger = logging.getLogger("trainables")

PAUSES_S = (0.5, 2.0)
"""Between the attempts of one transfer."""


class WorkerStorage:
    """place: the run's folder on the storage. at_home: whether this is the driver's node."""

    def __init__(self, place: str, *, at_home: bool) -> None:
        self._trials = TrialStorage(Store(place))
        self.scratch = None if at_home else scratch_folder(place)

    def fetch(self, folder: Path, config: Mapping[str, Any]) -> None:
        """Before the first step: take what the storage has more than this disk."""
        if _tried(lambda: self._trials.fetch_if_newer(folder, key_of(config)), "fetching from"):
            logger.info("fetched from the storage")

    def push(self, folder: Path, config: Mapping[str, Any]) -> None:
        """After a step. What did not get there goes with the next step."""
        _tried(lambda: self._trials.push(folder, key_of(config)), "uploading to")

    def leave(self, folder: Path) -> None:
        """The trial is over for this process; on another node than the driver's nothing stays behind."""
        if self.scratch is not None and folder.parent == self.scratch:
            shutil.rmtree(folder, ignore_errors=True)


def key_of(config: Mapping[str, Any]) -> str:
    """Identifies a trial's configuration: sha256 of its settings."""
    return tensor_folder.digest(tensor_folder.canonical_json(config["trial"]))


def scratch_folder(place: str) -> Path:
    """A folder of this user alone on the local disk, one for each run. Raises OSError if it is another's."""
    mine = Path(tempfile.gettempdir()) / f"sae-search-{os.getuid()}"
    mine.mkdir(mode=0o700, exist_ok=True)
    facts = mine.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
        raise OSError(f"{mine} belongs to somebody else")
    folder = mine / hashlib.sha256(place.encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    return folder


def _tried(transfer: Callable[[], object], doing: str) -> bool:
    """Whether the transfer said yes; trouble is logged, because a search outlives its storage."""
    for pause in (*PAUSES_S, None):
        try:
            return bool(transfer())
        except OSError as error:
            if pause is None:
                logger.warning("%s the storage failed: %s", doing, error)
                return False
            time.sleep(pause)
    return False
