"""Writing for the user, whose disk may be full: whatever goes wrong is a DiskError that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import DiskError
from trainables.storage.atomic_file import write_whole


def as_disk_error(error: OSError, path: Path | None = None) -> DiskError:
    """The same as a message for the user; `path` where the error itself may not know it."""
    return DiskError(f"{path or error.filename or 'output'}: cannot write: {error.strerror}")


@contextmanager
def disk_errors(path: Path | None = None) -> Iterator[None]:
    """Turn every OSError inside into a DiskError."""
    try:
        yield
    except OSError as error:
        raise as_disk_error(error, path) from None


def write_bytes(path: Path, content: bytes, *, safely: bool = False) -> None:
    """`write_whole`, with DiskError if it cannot be written."""
    with disk_errors(path):
        write_whole(path, content, safely=safely)


def write_atomically(path: Path, text: str) -> None:
    """Old content or new, never half, and safe when it returns. Raises DiskError."""
    write_bytes(path, text.encode(), safely=True)
