"""The folder of a local Ray, its sockets and logs: gone with the driver, or when the next one starts."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

import psutil

PARENT = Path("/tmp")  # a socket's path may have 107 bytes at most
_PREFIX = "sae-ray-"  # then the driver's pid


def make(parent: Path = PARENT) -> Path:
    """A new folder of this process; those are removed whose driver was killed before it could."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent))


def _is_abandoned(folder: Path) -> bool:
    """Whether it is a folder of ours, and its driver is no more."""
    pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
    try:
        facts = folder.lstat()
    except FileNotFoundError:  # its driver came to its end just now
        return False
    mine = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
    return mine and pid.isdigit() and not psutil.pid_exists(int(pid))
