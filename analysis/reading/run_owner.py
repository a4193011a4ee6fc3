"""Who writes a run, as far as can be told without touching its lock.

Trying the lock would hold it for an instant, in which a driver that starts would be turned away. So the
owner that LOCK names is looked for among this machine's processes, and on Linux in the kernel's list of
locks, which also tells a process that lives on after it gave the lock back.
"""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

_OWNER = re.compile(r"process (\d{1,10}) on (\S{1,255})\s*")
_CLOCK_SLACK_S = 2.0
KERNEL_LOCKS = Path("/proc/locks")


@dataclass(frozen=True)
class Owner:
    """The process that took the lock last."""

    pid: int
    host: str
    alive: bool | None
    """Whether it still holds it; None if it is, or was, on another machine."""


def read_owner(run: Path) -> Owner | None:
    """Who LOCK names; None if nobody."""
    try:
        lock = run / "LOCK"
        text, status = lock.read_text(encoding="utf-8", errors="replace"), lock.stat()
    except OSError:
        return None
    match = _OWNER.fullmatch(text)
    if match is None:
        return None
    pid, host = int(match[1]), match[2]
    if host != platform.node():
        return Owner(pid, host, None)
    return Owner(pid, host, _lives(pid, status.st_mtime) and _holds(pid, status.st_ino))


def is_being_written(run: Path) -> bool:
    """Whether a driver on this machine has the run."""
    owner = read_owner(run)
    return owner is not None and owner.alive is True


def _lives(pid: int, locked: float) -> bool:
    """Whether the process that wrote LOCK then still runs; a later one of that number is another."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= locked + _CLOCK_SLACK_S
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _holds(pid: int, inode: int) -> bool:
    """Whether the kernel lists the lock; True where it keeps no list that can be read."""
    try:
        lines = KERNEL_LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return True
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[4] == str(pid) and words[5].endswith(f":{inode}"):
            return True
    return False
