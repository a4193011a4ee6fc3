"""Ray's scratch folder, and the guard that clears up behind a driver that was killed.

    python ray_scratch.py SCRATCH [WORDS]    its standard input is a pipe that the driver holds open

The guard is a small process of its own. However the driver ends, the kernel closes the pipe. What is left of
its Ray, agents too, is ended then, and the scratch folder removed. A driver that ends well has done both and
ends its guard. One that could say nothing, killed or ended by Ray's library, has WORDS told for it on stderr.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

PARENT = Path("/tmp")  # a socket's path may have 107 bytes at most
_PREFIX = "sae-ray-"  # then the driver's pid
_SAID = "said"
ENDS_BY_ITSELF_S = 5.0
"""What Ray's processes get to notice by themselves that the driver is gone."""


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


@contextmanager
def guarded(scratch: Path, words: str = "") -> Iterator[None]:
    """Guard `scratch` for the length of the block. words: said for a driver that cannot any more."""
    command = [sys.executable, "-I", __file__, str(scratch), words]
    # A session of its own: what ends the driver's whole process group must not end the guard.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    ) as guard:
        try:
            yield
        finally:
            guard.kill()


def processes_of(scratch: Path) -> list[psutil.Process]:
    """Processes of this user that were started with something in the folder, or have a file open in it.

    Agents and workers write another title over their command and environment, but keep their logs open.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.uids().real == os.getuid():
                words = [*process.cmdline(), *process.environ().values()]
                words += [file.path for file in process.open_files()]
                if any(f"{scratch}/" in word for word in words):
                    found.append(process)
    return found


def has_spoken(scratch: Path) -> None:
    """The driver says by itself why it ends, and no words are needed."""
    with suppress(OSError):
        (scratch / _SAID).touch()


def main(scratch: Path, words: str) -> None:
    """Wait for the driver's end, say its words, then clear up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if words and not (scratch / _SAID).exists():
        with suppress(OSError):
            os.write(2, f"{words}\n".encode())
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)  # who reads stderr to its end need not wait for the rest
    until = time.monotonic() + ENDS_BY_ITSELF_S
    while processes_of(scratch) and time.monotonic() < until:
        time.sleep(0.5)
    for process in processes_of(scratch):
        with suppress(psutil.Error):
            process.kill()
    shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
