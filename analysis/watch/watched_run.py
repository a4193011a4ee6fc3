"""A run looked at again and again: every look reads only what its ledgers have gained."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from analysis.load import read_info, read_study
from analysis.reading.ledger_reading import LedgerFollower
from analysis.reading.run_owner import Owner, read_owner
from analysis.watch.whereabouts import LIVE, Whereabouts, whereabouts
from search.console.progress_tracker import ProgressTracker
from search.formatting import shown
from search.ledger.events import Session
from search.ledger.history import History
from search.study.study import Study

DISK_SECONDS = 30.0
"""A long run has tens of thousands of files; they are counted no more often than this."""


class WatchedRun:
    """What is known of a run after the last `look`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._study_damage: list[str] = []
        self.damage: list[str] = []
        """What could not be read at the last look, a sentence each."""
        self.info: Mapping[str, object] = {}
        self.owner: Owner | None = None
        self.study: Study | None = read_study(path, self._study_damage)
        self.tally: ProgressTracker | None = None
        """Of the newest session; None before the first, and where the study cannot be read."""
        self.looked = time.time()
        """When the last look was, in seconds since 1970."""
        self.now = self.looked
        """Up to when durations count: the last look, or the last event where nobody writes any more."""
        self._ledger = LedgerFollower(path / "trials.jsonl")
        self._confirmed = LedgerFollower(path / "confirm" / "trials.jsonl")
        self._confirm_info: Mapping[str, object] = {}
        self._bytes, self._measured = 0, -math.inf

    def look(self) -> None:
        """Read what is new."""
        lost: list[str] = []
        self.owner = self._find_owner()
        self.info = read_info(self.path, lost)
        self._confirm_info = read_info(self.path / "confirm", [])
        self._read(lost)
        with suppress(OSError):  # there need be none
            self._confirmed.poll()
        self._complain(lost)
        self.looked = time.time()
        self.now = self.looked if self.where.state in LIVE else (self._ledger.newest or self.looked)

    @property
    def shown_path(self) -> str:
        """Where the run is, as a person would type it."""
        return shown(self.path)

    @property
    def history(self) -> History:
        """The history of the search, as far as it was read."""
        return self._ledger.history

    @property
    def confirmed(self) -> History | None:
        """The confirmation's history; None if there never was one."""
        return self._confirmed.history if self._confirmed.history.sessions else None

    @property
    def where(self) -> Whereabouts:
        """The state that it is in."""
        return whereabouts(self.owner, self.info, self.history, self.confirmed)

    @property
    def is_searching(self) -> bool:
        """Whether trials are being trained, here or elsewhere, so that a time left can be told."""
        return self.where.state in ("running", "elsewhere")

    @property
    def confirm_state(self) -> str:
        """`running`, `broken off`, or how it ended."""
        if self.where.state == "confirming":
            return "running"
        status = self._confirm_info.get("status")
        return "broken off" if status == "running" else status if isinstance(status, str) else "unknown"

    @property
    def newest(self) -> float | None:
        """When the last event was, in seconds since 1970; None if there was none."""
        return max(self._ledger.newest, self._confirmed.newest) or None

    def disk_bytes(self) -> int:
        """Size of all files of the run, at most some seconds old."""
        if time.monotonic() - self._measured >= DISK_SECONDS:
            self._bytes, self._measured = _size(self.path), time.monotonic()
        return self._bytes

    def _find_owner(self) -> Owner | None:
        return read_owner(self.path)

    def _read(self, lost: list[str]) -> None:
        """Fold new events; the tally of a session begins with what was before it."""
        try:
            for event in self._ledger.events():
                if isinstance(event, Session) and self.study is not None:
                    self.tally = ProgressTracker(self.study)
                    self.tally.start(self.history, event.time)
        except FileNotFoundError:
            lost.append("trials.jsonl is missing: no trial was begun, or its record is lost")
        except OSError as error:
            lost.append(f"trials.jsonl cannot be read: {error.strerror}")
        if self.tally is not None:
            self.tally.update(self.history)

    def _complain(self, lost: list[str]) -> None:
        alive = self.owner is not None and self.owner.alive is True
        self.damage = [*self._study_damage, *lost, *self._ledger.complaints(being_written=alive)]


def _size(folder: Path) -> int:
    """Bytes of the files below; what vanishes while it is counted counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            status = path.lstat()
        except OSError:
            continue
        total += status.st_blocks * 512
    return total
