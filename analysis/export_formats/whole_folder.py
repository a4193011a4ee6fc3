"""A folder that appears under its name when everything in it is written, or never."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.errors import DiskError, RunDirectoryError


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A folder beside `target` to write into; it becomes `target` when the block ends without an error.

    RunDirectoryError if `target` exists, DiskError if it cannot be written.
    """
    refuse_existing(target)
    unfinished = target.with_name(f".unfinished-{target.name}-{uuid.uuid4().hex}")
    try:
        unfinished.mkdir(parents=True)
        yield unfinished
        for file in unfinished.iterdir():
            _sync(file)
        refuse_existing(target)
        unfinished.rename(target)
        _sync(target.parent)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            refuse_existing(target)
        raise DiskError(f"{target}: cannot write: {error.strerror}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_existing(target: Path) -> None:
    """RunDirectoryError if there is anything of that name."""
    if os.path.lexists(target):
        raise RunDirectoryError(f"{target} exists already. Remove it, or choose another place with --out.")


def _sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
