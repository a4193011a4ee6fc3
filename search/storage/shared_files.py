"""The files of a run directory that the driver uploads, and the trials' folders that it brings home."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from search.ledger.history import TrialRecord
from search.run_dir.run_directory import RunDirectory
from trainables.storage.object_store import Store
from trainables.storage.trial_storage import DRIVER_FILES, TrialStorage

_RESULTS = ("results.json", "*.csv")
_WATCHED = "events.out.tfevents.*"
"""A TensorBoard keeps them open, and would not notice that another file took the place of one."""


class SharedFiles:
    """Remembers what was uploaded as it is now, so that only changes travel. Methods raise OSError."""

    def __init__(self, store: Store, directory: RunDirectory) -> None:
        self._store = store
        self._directory = directory
        self._trials = TrialStorage(store)
        self._uploaded: dict[str, tuple[int, int]] = {}
        self._to_bring: dict[int, TrialRecord] = {}
        self._guard = threading.Lock()

    def forget(self) -> None:
        """Nothing is known to be on the storage."""
        self._uploaded.clear()

    def tell(self, driver: Mapping[str, Any]) -> None:
        """Upload run.json with a word about the `driver` in it."""
        info = {**self._directory.read_info(), "driver": dict(driver)}
        self._store.put("run.json", (json.dumps(info, indent=2) + "\n").encode())

    def upload_space(self) -> None:
        """Upload the space files. They come before the ledger, with which nobody can go on without them."""
        for path in sorted(self._directory.path.glob("space*.yaml")):
            self._upload(path)

    def upload(self, within_s: float) -> None:
        """Upload what else changed since the last time; after `within_s` the rest waits for the next call."""
        end = time.monotonic() + within_s
        for path in self._of_the_driver():
            if time.monotonic() > end:
                return
            self._upload(path)

    def _upload(self, path: Path) -> None:
        name = path.relative_to(self._directory.path).as_posix()
        try:
            facts = path.stat()
            state = (facts.st_size, facts.st_mtime_ns)
            if self._uploaded.get(name) != state:
                put = self._store.grow if path.match(_WATCHED) else self._store.put
                put(name, path.read_bytes())
                self._uploaded[name] = state
        except FileNotFoundError:
            if path.exists():
                raise  # the storage's word, not the disk's

    def ended(self, trial: TrialRecord) -> None:
        """The trial's folder is to be brought home."""
        with self._guard:
            self._to_bring[trial.number] = trial

    def bring_home(self, within_s: float) -> None:
        """Fetch the folders of ended trials; what is here already is not fetched again.

        After `within_s` the rest is left to the next call.
        """
        end = time.monotonic() + within_s
        with self._guard:
            waiting = list(self._to_bring.values())
        for trial in waiting:
            if time.monotonic() > end:
                return
            folder = self._directory.trials / trial.folder
            if not self._is_here(trial) or not (folder / "log.txt").exists():
                self._trials.fetch(folder)
            if self._is_here(trial):
                with self._guard:
                    self._to_bring.pop(trial.number, None)

    def missing(self) -> list[str]:
        """Folders of ended trials whose last checkpoint is neither here nor on the storage."""
        with self._guard:
            return [trial.folder for trial in self._to_bring.values()]

    def _is_here(self, trial: TrialRecord) -> bool:
        """A trial that never had a checkpoint leaves nothing that is needed."""
        folder = self._directory.trials / trial.folder
        return trial.checkpoint is None or (folder / trial.checkpoint["path"]).is_dir()

    def _of_the_driver(self) -> Iterator[Path]:
        for pattern in _RESULTS:
            yield from sorted(self._directory.path.glob(pattern))
        for pattern in DRIVER_FILES:
            yield from sorted(self._directory.trials.glob(f"*/{pattern}"))
