"""A ledger as far as it is whole, for those who only look.

A driver refuses a ledger that is damaged in the middle, because it would write on. A reader takes what is
whole before the damage and after it, and says so: every line carries its own sum, so a whole line is true
whatever became of its neighbours. What refers to a trial whose beginning was lost is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from analysis.reading.encodable import encodable
from search.formatting import count, trial_list
from search.ledger.events import Event, UnknownEvent, UnsoundEvent, parse
from search.ledger.history import History, TrialRecord, UnknownTrial
from search.ledger.ledger import decode
from search.study.study import Study
from search.version import VERSION

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
    unknown: list[int] = field(default_factory=list)
    """Numbers of the lines whose event this version does not know."""
    torn: int = 0
    """Bytes after the last newline: being written just now, or torn by a crash."""
    newest: float = 0.0
    """Time of the newest event."""
    _offset: int = 0
    _lines: int = 0

    def events(self) -> Iterator[Event]:
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
        self.history, self.damaged, self.unknown = History(), [], []
        self.orphans, self.newest = 0, 0.0
        self._offset = self._lines = 0

    def _take(self, line: bytes) -> Event | None:
        """Fold in one line; its event if it told something new."""
        self._lines += 1
        record = decode(line)
        if record is None:
            self.damaged.append(self._lines)
            return None
        if _SURROGATE in line.lower():
            record = encodable(record)
        try:
            event = parse(record)
            is_new = self.history.apply(event)
        except UnknownEvent:
            self.unknown.append(self._lines)
            return None
        except (UnsoundEvent, UnknownTrial):
            self.orphans += 1
            return None
        self.newest = max(self.newest, event.time)
        return event if is_new else None

    def complaints(self, *, being_written: bool = False) -> list[str]:
        """What could not be read, a sentence each. A live driver's half line is no damage."""
        said = []
        # A crash can tear the last line only; with its newline it is damage like any other.
        if self.damaged:
            rest = "what is whole before and after was taken"
            said.append(f"{self.path.name}: {_lines(self.damaged)} cannot be read; {rest}")
        if self.unknown:
            why = f"left out: sae-search {VERSION} does not know their events, a newer one wrote them"
            said.append(f"{self.path.name}: {_lines(self.unknown)} {why}")
        if self.orphans:
            records = count(self.orphans, "record")
            because = "malformed, or of a trial whose beginning is lost"
            said.append(f"{self.path.name}: {records} left out: {because}")
        if self.torn and not being_written:
            said.append(f"{self.path.name}: the last line is torn; it was never acknowledged")
        return said


def _lines(numbers: list[int]) -> str:
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"line{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers[:5]))}{more}"


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
