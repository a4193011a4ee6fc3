"""A run directory may come from somebody else: links in it must not lead out of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from search.errors import RunDirectoryError


def refuse_links_out(run: Path) -> None:
    """Raise RunDirectoryError naming the first symbolic link in `run` that leads out of it.

    Whoever opens a run asks this first: afterwards nothing is written or read through a link that was there.
    """
    root = run.resolve()
    for link in _links(root):
        if not link.resolve().is_relative_to(root):
            raise RunDirectoryError(
                f"{link} is a symbolic link that leads out of the run directory, to {os.readlink(link)}. "
                "Nothing was read or written through it. Remove it, or put a copy of what it means there."
            )


def _links(folder: Path) -> Iterator[Path]:
    """Every symbolic link in `folder`; none is followed. What cannot be listed is skipped."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_symlink():
            yield Path(entry.path)
        elif entry.is_dir(follow_symlinks=False):
            yield from _links(Path(entry.path))
