"""How a script ends: its exit code, and one message on stderr for what a user can mend."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable

from search.console.report_error import report
from search.errors import DiskError, ExitCode, SearchError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def exit_code_of(work: Callable[[], int | None]) -> int:
    """Do the work; its exit code (0 for None), or the one of `search.errors` by what went wrong."""
    # A terminal that cannot show a letter shows another in its place; it must not end the work.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = work()
        sys.stdout.flush()
    except SearchError as error:
        return report(error)
    except KeyboardInterrupt:
        return ExitCode.SIGINT
    except BrokenPipeError:
        _drop_output()  # the reader has seen enough
        return ExitCode.DONE
    except OSError as error:
        if error.errno not in _FULL:
            raise
        if error.filename is None:
            _drop_output()
        where = error.filename or "the output"
        return report(
            DiskError(f"{where}: cannot write: {error.strerror}. What was written before is whole.")
        )
    return ExitCode.DONE if code is None else code


def _drop_output() -> None:
    """Nothing more is to be flushed at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
