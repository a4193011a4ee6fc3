"""study.db in the simulation: SQLite writes it by itself, so what a cut may leave of it is drawn at the end.

The real logger and the real file. After a cut it may be gone, as it was some commits ago, torn, mixed of two
states, or have the beginning of a journal beside it.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from search.ledger.events import Event
from search.ledger.history import History
from search.loggers.study_db import StudyDbLogger
from search.scheduling.optuna_study import OptunaStudy
from search.study.study import Study
from tests.simulation.disk import SECTOR

COMMITS = 6


class Mirror:
    """Remembers the file's last states."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: deque[bytes] = deque(maxlen=COMMITS)
        self._logger: StudyDbLogger | None = None

    def opened(self, study: Study, history: History) -> Mirror:
        """The logger of a session."""
        self._logger = StudyDbLogger(study, self._path, history)
        return self

    def on_events(self, events: Sequence[Event], history: History) -> None:
        """As a logger does."""
        assert self._logger is not None
        self._logger.on_events(events, history)
        self._states.append(self._path.read_bytes())

    def close(self) -> None:
        """Also after a kill, as the kernel does."""
        if self._logger is not None:
            self._logger.close()

    def forget(self) -> None:
        """The disk is lost, and with it every state."""
        self._states.clear()

    def left_by_a_cut(self, chance: random.Random) -> None:
        """Put back, where the run still is, what a cut may leave; its file was taken with all others."""
        if not self._states or not self._path.parent.is_dir():
            return
        newest, older = self._states[-1], chance.choice(list(self._states))
        how = chance.randrange(5)
        if how == 0:
            return
        content = {1: older, 2: newest[: chance.randrange(len(newest))], 3: newest, 4: newest}[how]
        if how == 3:
            content = b"".join(
                (newest if chance.random() < 0.5 else older.ljust(len(newest), b"\0"))[at : at + SECTOR]
                for at in range(0, len(newest), SECTOR)
            )
        self._path.write_bytes(content)
        if how == 4:
            journal = self._path.with_name(f"{self._path.name}-journal")
            journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + chance.randbytes(600))

    def differs(self, study: Study, history: History) -> list[str]:
        """What the file says otherwise than the ledger."""
        told = OptunaStudy.in_file(study, self._path)
        expected = OptunaStudy.in_memory(study)
        expected.fill(history)
        try:
            return [] if told.contents() == expected.contents() else ["study.db is not what the ledger says"]
        finally:
            told.close()
