"""How a script ends: its exit code, and one line on stderr for what a user can mend."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from search.console.report_error import report
from search.errors import ExitCode, SearchError


def exit_code_of(work: Callable[[], None]) -> int:
    """Do the work; the code as `search.errors` has it, 130 after Ctrl-C."""
    try:
        work()
        sys.stdout.flush()
    except SearchError as error:
        return report(error)
    except KeyboardInterrupt:
        return ExitCode.SIGINT
    except BrokenPipeError:
        # The reader has seen enough; nothing more is to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE
