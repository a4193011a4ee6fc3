"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from search.errors import DiskError


def write_bytes(path: Path, content: bytes) -> None:
    """Old content or new, never half; folders on the way are made. DiskError if it cannot be written.

    No fsync: what analysis writes can be made again.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):  # it need not be there, nor its folder
            temporary.unlink()
        raise DiskError(f"{path}: cannot write: {error.strerror}") from None
