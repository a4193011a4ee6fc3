"""run.json: what a run is, how it stands, and how it ended, whatever happened."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from search.errors import DiskError, ExitCode, Interrupted, RunDirectoryError, SearchError
from search.run_dir.last_words import last_words
from search.run_dir.run_directory import RunDirectory
from search.study.study import Study
from trainables.foreign import folders_in_use


@contextmanager
def noting_the_end(
    study: Study, directory: RunDirectory, target: int, go_on: str, *, is_owed: bool = True
) -> Iterator[None]:
    """Write the beginning and, whatever happens inside, the end; an error gains `go_on` as a note.

    target: trials in all. go_on: a line with the command that continues. is_owed: whether there is anything
    to do; where not, a run that is done keeps its command and its end.
    """
    if not is_owed and directory.read_info().get("status") == "done":
        yield
        return
    directory.write_info(
        name=study.name,
        question=study.question,
        status="running",
        target=target,
        started=directory.read_info().get("started") or _now(),
        ended=None,
        exit_code=None,
        reason=None,
        **describe_process(),
    )

    def note(error: SearchError) -> None:
        status = "interrupted" if isinstance(error, Interrupted) else "failed"
        _note(directory, status=status, exit_code=int(error.exit_code), reason=str(error))
        error.add_note(go_on)

    try:
        with last_words(note, go_on):
            yield
    except SearchError as error:
        note(error)
        raise
    except KeyboardInterrupt:  # before, or after, the search listens for it itself
        stopped = Interrupted(signal.SIGINT)
        note(stopped)
        raise stopped from None
    except BaseException as error:
        _note(
            directory,
            status="failed",
            exit_code=int(ExitCode.INTERNAL),
            reason=f"{type(error).__name__}: {error}",
        )
        raise
    _note(directory, status="done", exit_code=int(ExitCode.DONE))


def _note(directory: RunDirectory, **facts: object) -> None:
    """Write the end down; a full disk must not hide the error that is on its way."""
    try:
        directory.write_info(ended=_now(), **facts)
    except (DiskError, RunDirectoryError) as error:
        print(f"run.json could not be updated: {error}", file=sys.stderr)  # noqa: T201


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


_PACKAGES = ("ray", "optuna", "torch", "torchvision", "numpy", "scikit-learn")


def describe_process() -> dict[str, object]:
    """Facts about this process that run.json keeps: command, versions, commit, host."""
    return {
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _PACKAGES},
        "git": _commit(),
        "code": [str(folder) for folder in folders_in_use()],
        "host": {
            "name": platform.node(),
            "system": platform.platform(),
            "cpus": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        },
    }


def _commit() -> dict[str, object] | None:
    """Commit of the source tree and whether it has changes; None outside a git checkout."""
    root = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True, timeout=10
        ).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None
