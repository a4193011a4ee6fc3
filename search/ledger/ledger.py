"""trials.jsonl: the append-only record of everything that was acknowledged.

One JSON object a line, its first key `crc` the CRC-32 of the rest. Events are written in one `write`
and fsynced before the caller acts on them. A torn last line is what a crash leaves: it is cut, with a
warning. Damage before the last line means that somebody else wrote: it is refused with its number.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from search.errors import DiskError, RunDirectoryError

logger = logging.getLogger(__name__)

Event = dict[str, Any]


def encode(event: Mapping[str, Any]) -> bytes:
    """One ledger line, newline included; the inverse of `decode`."""
    body = _canonical(event)
    return f'{{"crc":"{zlib.crc32(body.encode()):08x}",{body[1:]}\n'.encode()


def decode(line: bytes) -> Event | None:
    """The event of a line without its newline, or None if the line is not whole.

    The sum is held against the bytes as they stand, so that nothing has to be written out again.
    """
    head, rest = line[: len(_HEAD) + 10], line[len(_HEAD) + 10 :]
    if not head.startswith(_HEAD) or not head.endswith(b'",'):
        return None
    if head[len(_HEAD) : -2] != f"{zlib.crc32(rest, _CRC_OF_BRACE):08x}".encode():
        return None
    try:
        event = _DECODER.decode(f"{{{rest.decode()}")
    except (ValueError, RecursionError):
        return None
    assert isinstance(event, dict)  # it begins with a brace
    return event


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_HEAD = b'{"crc":"'
_CRC_OF_BRACE = zlib.crc32(b"{")
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _canonical(event: Mapping[str, Any]) -> str:
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def read(path: Path) -> tuple[list[Event], int]:
    """All whole events, and the length in bytes of the part of the file that holds them.

    Raises RunDirectoryError with the line number if a line before the last is damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunDirectoryError(f"{path}: cannot read the ledger: {error.strerror}") from None
    events: list[Event] = []
    whole = 0
    lines = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if line == b"" and number == len(lines):
            break
        # A line without its newline was never acknowledged, even if its text happens to be complete.
        event = decode(line) if number < len(lines) else None
        if event is None:
            if any(decode(later) is not None for later in lines[number:]):
                raise RunDirectoryError(
                    f"{path}:{number}: this ledger line is damaged and others follow it, so no crash did it. "
                    f"Restore the file from a copy, or cut it before line {number} and resume."
                )
            break
        events.append(event)
        whole += len(line) + 1
    return events, whole


class Ledger:
    """Appends events to a file; one process at a time, which holds the run's lock."""

    def __init__(self, path: Path, length: int) -> None:
        self._path = path
        self._length = length
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self._failed = False

    @classmethod
    def open(cls, path: Path) -> tuple[Self, list[Event]]:
        """The ledger ready for appending, and what it holds; a torn tail is cut with a warning."""
        events: list[Event] = []
        length = 0
        if path.exists():
            events, length = read(path)
            if path.stat().st_size > length:
                logger.warning("%s: cut a torn last line (%d bytes)", path, path.stat().st_size - length)
        try:
            ledger = cls(path, length)
            os.ftruncate(ledger._file, length)
        except OSError as error:
            raise DiskError(f"{path}: cannot write the ledger: {error.strerror}") from None
        return ledger, events

    def append(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Write and fsync; returns only when the events would survive a power cut.

        Raises DiskError, and then leaves the file as it was before.
        """
        payload = b"".join(encode(event) for event in events)
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
