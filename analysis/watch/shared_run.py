"""A run on shared storage, watched from a machine that has nothing of it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path, PurePosixPath

from analysis.reading.run_owner import Owner
from analysis.watch.watched_run import WatchedRun
from search.errors import DiskError, RunDirectoryError
from search.storage.lease import Lease, current
from search.storage.ledger_segments import collect
from search.storage.shared_run import open_store
from trainables.storage.object_store import Store, absolute

_TEXTS = ("run.json", "space.yaml", "space.resolved.yaml")


class SharedRun(WatchedRun):
    """A run at a folder or URI that `--storage` made, as late as its driver's last word: seconds.

    What is small is copied into a temporary folder at every look and read from there. Raises
    RunDirectoryError if no run was shared at `place`, DiskError if the storage cannot be read.
    """

    def __init__(self, place: str) -> None:
        self.place = absolute(place)
        self._store: Store = open_store(self.place)
        folder = tempfile.mkdtemp(prefix="sae-shared-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        copy = Path(folder) / (PurePosixPath(self.place).name or "run")
        copy.mkdir()
        self._driver: Lease | None = None
        self._copy_to(copy)
        super().__init__(copy)

    def look(self) -> None:
        """Fetch, then read what is new."""
        self._copy_to(self.path)
        super().look()

    @property
    def shown_path(self) -> str:
        """Where the run is, and not where it was copied to."""
        return self.place

    def _find_owner(self) -> Owner | None:
        driver = self._driver
        return None if driver is None else Owner(driver.pid, driver.host, driver.is_alive)

    def _copy_to(self, folder: Path) -> None:
        try:
            self._driver = current(self._store)
            if self._driver is None:
                raise RunDirectoryError(f"{self.place}: no run was ever shared here")
            (folder / "trials.jsonl").write_bytes(collect(self._store, self._driver.id))
            for name in _TEXTS:
                with suppress(FileNotFoundError):  # run.json comes a moment after the first trials
                    (folder / name).write_bytes(self._store.get(name))
        except OSError as error:
            raise DiskError(f"{self.place}: cannot be read: {error}") from None
