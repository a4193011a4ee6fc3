"""run.json: what a run is, how it stands, and how it ended, whatever happened."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from search.errors import DiskError, ExitCode, RunDirectoryError, SearchError
from search.interruption import Interrupted
from search.run_directory import RunDirectory
from search.study import Study


@contextmanager
def noting_the_end(study: Study, directory: RunDirectory, target: int, go_on: str) -> Iterator[None]:
    """Write the beginning and, whatever happens inside, the end; an error gains `go_on` as a note.

    target: trials in all. go_on: a line with the command that continues.
    """
    from search.provenance import describe_process

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
    try:
        yield
    except SearchError as error:
        status = "interrupted" if isinstance(error, Interrupted) else "failed"
        _note(directory, status=status, exit_code=int(error.exit_code), reason=str(error))
        error.add_note(go_on)
        raise
    except BaseException as error:
        _note(
            directory,
            status="failed",
            exit_code=int(ExitCode.INTERNAL),
            reason=f"{type(error).__name__}: {error}",
        )
        raise
    _note(directory, status="done", exit_code=int(ExitCode.DONE))


def _note(directory: RunDirectory, **facts: Any) -> None:
    """Write the end down; a full disk must not hide the error that is on its way."""
    try:
        directory.write_info(ended=_now(), **facts)
    except (DiskError, RunDirectoryError) as error:
        print(f"run.json could not be updated: {error}", file=sys.stderr)  # noqa: T201


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
