"""A ledger as far as it is whole, for those who only look.

A driver refuses a ledger that is damaged in the middle, because it would write on. A reader takes what is
whole before the damage and after it, and says so: every line carries its own sum, so a whole line is true
whatever became of its neighbours. What refers to a trial whose beginning was lost is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.reading.encodable import encodable
from search.formatting import count, trial_list
from search.ledger.events import is_sound
from search.ledger.history import History, TrialRecord
from search.ledger.ledger import decode
from search.study.study import Study

_SURROGATE = b"\\ud"


@dataclass
class LedgerFollower:
    """Reads a ledger that may be growing: every reading takes in the lines that were finished since."""

    path: Path
    history: History = field(default_factory=History)
    damaged: list[int] = field(default_factory=list)
    """Numbers of the lines, from 1, that are not whole."""
    orphans: int = 0
    """Whole records that were left out, because what they refer to is not there."""
    torn: int = 0
    """Bytes after the last newline: being written just now, or torn by a crash."""
    newest: float = 0.0
    """Time of the newest event."""
    _offset: int = 0
    _lines: int = 0

    def events(self) -> Iterator[dict[str, Any]]:
        """Fold in what is new, line by line; each event right after it became part of `history`.

        A file that has shrunk was cut, and is read from its beginning. Raises OSError if it cannot be read.
        """
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < self._offset:
                self._start_over()
            file.seek(self._offset)
            content = file.read()
        whole = content.rfind(b"\n") + 1
        self.torn = len(content) - whole
        self._offset += whole
        for line in content[:whole].split(b"\n")[:-1]:
            event = self._take(line)
            if event is not None:
                yield event

    def poll(self) -> None:
        """Fold in what is new. Raises OSError if the file cannot be read."""
        for _ in self.events():
            pass

    def _start_over(self) -> None:
        self.history, self.damaged, self.orphans, self.newest = History(), [], 0, 0.0
        self._offset = self._lines = 0

    def _take(self, line: bytes) -> dict[str, Any] | None:
        """Fold in one line; its event if it told something new."""
        self._lines += 1
        event = decode(line)
        if event is None:
            self.damaged.append(self._lines)
            return None
        if _SURROGATE in line.lower():
            event = encodable(event)
        return event if self._fold(event) else None

    def _fold(self, event: dict[str, Any]) -> bool:
        if not is_sound(event) or ("trial" in event and not self._is_known(event)):
            self.orphans += 1
            return False
        self.newest = max(self.newest, event["time"])
        return self.history.apply(event)

    def _is_known(self, event: Mapping[str, Any]) -> bool:
        return event["event"] == "suggest" or event["trial"] in self.history.trials

    def complaints(self, *, being_written: bool = False) -> list[str]:
        """What could not be read, a sentence each. A live driver's half line is no damage."""
        said = []
        # A crash can tear the last line only; with its newline it is damage like any other.
        if self.damaged:
            shown = ", ".join(str(line) for line in self.damaged[:5])
            more = f" and {len(self.damaged) - 5} more" if len(self.damaged) > 5 else ""
            lines = "line" if len(self.damaged) == 1 else "lines"
            rest = "what is whole before and after was taken"
            said.append(f"{self.path.name}: {lines} {shown}{more} cannot be read; {rest}")
        if self.orphans:
            records = count(self.orphans, "record")
            because = "malformed, or of a trial whose beginning is lost"
            said.append(f"{self.path.name}: {records} left out: {because}")
        if self.torn and not being_written:
            said.append(f"{self.path.name}: the last line is torn; it was never acknowledged")
        return said


def drop_what_does_not_fit(study: Study, history: History, damage: list[str]) -> None:
    """Take out trials that cannot be of this study, and values that are not of its objectives."""
    strangers = [number for number, record in history.trials.items() if not _fits(study, record)]
    for number in strangers:
        del history.trials[number]
    if strangers:
        damage.append(f"trials {trial_list(strangers)} are left out: they are not of this study")
    for record in history.trials.values():
        if record.values is not None and len(record.values) != len(study.objectives):
            record.values = None
            damage.append(f"trial {record.folder} is not ranked: its values are not those of the objectives")


def _fits(study: Study, record: TrialRecord) -> bool:
    try:
        study.values(record.params)
    except (KeyError, TypeError):  # a direction that the design does not have
        return False
    return True
