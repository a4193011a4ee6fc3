"""The run directory: its name, its parts, its lock, and run.json.

The lock is flock on LOCK, which the kernel releases however the driver dies; the text inside only
names the owner for the message that the second driver prints. Nothing in the directory is an
absolute path, so it can be moved.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shlex
import shutil
import socket
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from search.commands import python_command
from search.disk import write_atomically
from search.errors import DiskError, RunDirectoryError, SpaceError
from search.run_dir.links import refuse_links_out
from trainables.storage.atomic_file import sync_folder

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class RunDirectory:
    """Paths of one run; holds the lock between `acquire` and `release`."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    @property
    def ledger(self) -> Path:
        """The source of truth."""
        return self.path / "trials.jsonl"

    @property
    def study_db(self) -> Path:
        """Optuna's mirror of the ledger."""
        return self.path / "study.db"

    @property
    def resolved_space(self) -> Path:
        """The space file with overrides applied and defaults written out; itself a valid space file."""
        return self.path / "space.resolved.yaml"

    @property
    def trials(self) -> Path:
        """One folder a trial, and TensorBoard's log directory."""
        return self.path / "trials"

    @property
    def log(self) -> Path:
        """What Ray and the driver had to say."""
        return self.path / "driver.log"

    def acquire(self) -> None:
        """Take the lock or raise RunDirectoryError naming the owner."""
        try:
            lock = os.open(self.path / "LOCK", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            raise DiskError(f"{self.path}: cannot write here: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(lock, 1000).decode(errors="replace").strip() or "an unknown process"
            os.close(lock)
            raise RunDirectoryError(
                f"{self.path} is being written by {owner}. Wait for it, or stop it first."
            ) from None
        try:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        except OSError as error:
            os.close(lock)
            raise DiskError(f"{self.path}: cannot write here: {error.strerror}") from None
        self._lock = lock

    def release(self) -> None:
        """Let another driver have the directory; harmless when not held."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def discard(self) -> None:
        """Remove a directory that was just created and in which nothing happened."""
        self.release()
        shutil.rmtree(self.path, ignore_errors=True)

    def read_info(self) -> dict[str, Any]:
        """The content of run.json, empty if there is none yet."""
        try:
            info = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise RunDirectoryError(f"{self.path / 'run.json'}: cannot be read: {error}") from None
        if not isinstance(info, dict):
            raise RunDirectoryError(f"{self.path / 'run.json'}: this is no object with keys")
        return info

    def write_info(self, **changes: Any) -> None:
        """Replace some keys of run.json, atomically."""
        write_atomically(self.path / "run.json", json.dumps({**self.read_info(), **changes}, indent=2) + "\n")


def create(root: Path, study_name: str, name: str | None, files: Mapping[str, str]) -> RunDirectory:
    """Make and lock a fresh run directory, `<root>/<name>` or `<root>/<study>-<utc time>`, holding `files`.

    It appears whole, by one rename: what is killed before leaves nothing that looks like a run. Raises
    SpaceError for a bad name, RunDirectoryError if it exists, DiskError if it cannot be made.
    """
    if name is not None and not NAME_PATTERN.fullmatch(name):
        raise SpaceError(f"--name {name!r}: use letters, digits, dots, hyphens and underscores, at most 100")
    names = [name] if name else _fresh_names(study_name)
    # No pid in it: in containers the next driver has the same, and would find what this one left.
    unfinished = root / f".unfinished-{names[0]}-{uuid.uuid4().hex[:8]}"
    try:
        (unfinished / "trials").mkdir(parents=True)
        for file, text in files.items():
            (unfinished / file).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(unfinished / file, text)
        directory = RunDirectory(unfinished)
        directory.acquire()
        directory.path = _settle(unfinished, root, names)
        for folder in (directory.path.parent, directory.path.parent.parent):
            sync_folder(folder)
    except OSError as error:
        raise DiskError(f"{root}: cannot create a run directory: {error.strerror}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return directory


def _fresh_names(study_name: str) -> list[str]:
    """Study and time; a number is added when several runs start within a second."""
    stem = f"{study_name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    return [stem, *(f"{stem}-{number}" for number in range(2, 100))]


def _settle(unfinished: Path, root: Path, names: Sequence[str]) -> Path:
    """Rename to the first name that is free; only a non-empty folder makes a rename fail so."""
    for name in names:
        path = root.resolve() / name
        try:
            unfinished.rename(path)
            return path
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
    raise RunDirectoryError(
        f"{path} exists already. Go on:\n"
        f"  {python_command('search/run.py', '--resume', shlex.quote(str(path)))}\n"
        "or choose another --name."
    )


def open_existing(path: Path) -> RunDirectory:
    """A run directory that a driver made; RunDirectoryError if it is none, or if links lead out of it."""
    directory = RunDirectory(path)
    if not directory.resolved_space.is_file():
        raise RunDirectoryError(f"{path} is not a run directory: it has no space.resolved.yaml")
    refuse_links_out(directory.path)
    return directory
