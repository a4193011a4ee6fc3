"""What analysis writes: whole or not at all, and a refusing disk is told as one line."""

from __future__ import annotations

from pathlib import Path

from search.errors import DiskError
from trainables.whole_file import write_whole


def write_bytes(path: Path, content: bytes) -> None:
    """`write_whole`, with DiskError if it cannot be written."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise DiskError(f"{path}: cannot write: {error.strerror}") from None
