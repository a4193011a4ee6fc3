"""Files that have the old content or the new, never half; DiskError where they cannot be written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import DiskError
from trainables.storage.atomic_file import write_whole


def write_bytes(path: Path, content: bytes) -> None:
    """`write_whole`, with DiskError if it cannot be written."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise DiskError(f"{path}: cannot write: {error.strerror}") from None


@contextmanager
def _as_disk_error() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"{error.filename or 'output'}: cannot write: {error.strerror}") from None


def write_atomically(path: Path, text: str) -> None:
    """Old content or new, never half: temporary file, fsync, rename, fsync of the folder."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise DiskError(f"{path}: cannot write: {error.strerror}") from None
