"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes, *, safely: bool = False) -> None:
    """Write a file: its old content or the new, never half. Folders on the way are made. Raises OSError.

    safely: return only when it would survive a power cut. Not needed for what informs, or can be made again.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            if safely:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
        if safely:
            sync_folder(path.parent)
    finally:
        with suppress(OSError):  # it need not be there, nor its folder
            temporary.unlink()


def sync_folder(path: Path) -> None:
    """Return when the names in a folder would survive a power cut: a file that is synced may lack its own."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
