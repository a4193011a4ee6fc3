"""trials.jsonl: the append-only record of everything that was acknowledged.

One JSON object a line, its first key `crc` the CRC-32 of the rest. Events are written in one `write`
and fsynced before the caller acts on them. What a crash leaves is one last write that is torn: a line
without its end, or with a hole of zeros. It is cut, with a warning. Whatever else is wrong
was not a crash's doing: it is refused with its line, and nothing is written.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from search.errors import DiskError, RunDirectoryError
from search.ledger.events import Event, Session, Suggest, UnknownEvent, UnsoundEvent, dump, parse
from search.ledger.history import History, UnknownTrial
from search.version import VERSION
from trainables.storage.atomic_file import sync_folder

logger = logging.getLogger(__name__)


def encode(record: Mapping[str, object]) -> bytes:
    """One ledger line, newline included; the inverse of `decode`."""
    body = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return f'{{"crc":"{zlib.crc32(body.encode()):08x}",{body[1:]}\n'.encode()


def decode(line: bytes) -> dict[str, object] | None:
    """The record of a line without its newline, or None if the line is not whole.

    The sum is held against the bytes as they stand, so that nothing has to be written out again.
    """
    head, rest = line[: len(_HEAD) + 10], line[len(_HEAD) + 10 :]
    if not head.startswith(_HEAD) or not head.endswith(b'",'):
        return None
    if head[len(_HEAD) : -2] != f"{zlib.crc32(rest, _CRC_OF_BRACE):08x}".encode():
        return None
    try:
        record = _DECODER.decode(f"{{{rest.decode()}")
    except (ValueError, RecursionError):
        return None
    assert isinstance(record, dict)  # it begins with a brace
    return record


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_HEAD = b'{"crc":"'
_CRC_OF_BRACE = zlib.crc32(b"{")
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def read(path: Path) -> tuple[list[Event], int]:
    """All events, and the length in bytes of the part of the file that holds them.

    Raises RunDirectoryError with the line if one is damaged or no event of this version. A line without
    its newline was never acknowledged, even if its text happens to be complete: it is left out.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot read the ledger: {error.strerror}") from None
    *lines, rest = content.split(b"\n")
    events: list[Event] = []
    for number, line in enumerate(lines, start=1):
        record = decode(line)
        if record is None and _has_a_hole(line, lines[number:]):
            torn = b"\n".join([line, *lines[number:], rest])
            return events, len(content) - len(torn)
        if record is None:
            raise RunDirectoryError(f"{path}:{number}: {_what_is_wrong(line, number)}{_UNCHANGED}")
        try:
            events.append(parse(record))
        except UnknownEvent as error:
            sessions = [event for event in events if isinstance(event, Session)]
            wrote = (sessions[-1].version if sessions else None) or "a newer version"
            raise RunDirectoryError(
                f"{path}:{number}: {error} to sae-search {VERSION}; this run was written by {wrote}. "
                f"Go on with that version.{_UNCHANGED}"
            ) from None
        except UnsoundEvent as error:
            raise RunDirectoryError(
                f"{path}:{number}: {error}; sae-search {VERSION} wrote no such line.{_UNCHANGED}"
            ) from None
    if rest and not (rest.startswith((_HEAD, b"\0")) or _HEAD.startswith(rest)):
        raise RunDirectoryError(
            f"{path}:{len(lines) + 1}: {_what_is_wrong(rest, len(lines) + 1)}{_UNCHANGED}"
        )
    return events, len(content) - len(rest)


def _has_a_hole(line: bytes, later: Sequence[bytes]) -> bool:
    """Whether a last write came to the disk in part and out of order: zeros, and no whole line after them."""
    return b"\0" in line and all(decode(other) is None for other in later)


_UNCHANGED = " Nothing was changed."


def _what_is_wrong(line: bytes, number: int) -> str:
    if line.endswith(b"\r") and decode(line[:-1]) is not None:
        return (
            "the line ends in CR LF: a program converted the file. Convert it back, "
            "for example with sed -i 's/\\r$//' trials.jsonl, and resume."
        )
    before = f"or keep the first {number - 1} with head -n {number - 1}; what came later is done again."
    return (
        f"this ledger line is damaged or of another format than that of sae-search {VERSION}. A crash leaves "
        "no more than one last line without its end, so something else did it. Restore the file from a copy"
        f"{f', {before}' if number > 1 else '.'}"
    )


def read_history(path: Path) -> History:
    """What the ledger tells, nothing where there is none yet.

    Raises RunDirectoryError as `read` does, and where trials do not add up.
    """
    return _fold(path, read(path)[0]) if path.exists() else History()


def _fold(path: Path, events: Iterable[Event]) -> History:
    history = History()
    for number, event in enumerate(events, start=1):
        try:
            if isinstance(event, Suggest) and event.trial > len(history.trials):
                raise UnknownTrial(f"trial {len(history.trials)} was never begun")
            history.apply(event)
        except UnknownTrial as error:
            raise RunDirectoryError(
                f"{path}:{number}: this is of trial {event.trial}, but {error} in a line before: "  # type: ignore[union-attr]
                f"a line was lost. Restore the file from a copy.{_UNCHANGED}"
            ) from None
    return history


class Ledger:
    """Appends events to a file; one process at a time, which holds the run's lock."""

    def __init__(self, path: Path, length: int) -> None:
        self._path = path
        self._length = length
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if is_new:
            sync_folder(path.parent)
        self._failed = False

    @classmethod
    def open(cls, path: Path) -> tuple[Self, History]:
        """The ledger ready for appending, and what it tells; a last line without its end is cut."""
        history, length = History(), 0
        if path.exists():
            events, length = read(path)
            history = _fold(path, events)
            if path.stat().st_size > length:
                logger.warning("%s: cut a torn last line (%d bytes)", path, path.stat().st_size - length)
        try:
            ledger = cls(path, length)
            os.ftruncate(ledger._file, length)
        except OSError as error:
            raise DiskError(f"{path}: cannot write the ledger: {error.strerror}") from None
        return ledger, history

    def append(self, events: Iterable[Event]) -> None:
        """Write and fsync; returns only when the events would survive a power cut.

        Raises DiskError, and then leaves the file as it was before.
        """
        payload = b"".join(encode(dump(event)) for event in events)
        if self._failed:
            raise DiskError(f"{self._path}: an earlier write failed; nothing more is recorded")
        try:
            written = 0
            while written < len(payload):
                written += os.pwrite(self._file, payload[written:], self._length + written)
            os.fsync(self._file)
        except OSError as error:
            self._failed = True
            os.ftruncate(self._file, self._length)
            raise DiskError(
                f"{self._path}: cannot write: {error.strerror}. "
                "What was recorded before is whole; free some space and resume."
            ) from None
        self._length += len(payload)

    def close(self) -> None:
        """Give the file back; appending afterwards is an error."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
