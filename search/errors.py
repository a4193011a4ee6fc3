"""Errors sorted by what the caller does with them; each carries the process's exit code."""

from __future__ import annotations

import signal
from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees. The meanings are part of the command's contract."""

    DONE = 0
    INTERNAL = 1
    USAGE = 2
    TOO_MANY_FAILURES = 3
    NO_TRIAL_COMPLETED = 4
    CLUSTER = 5
    RUN_DIRECTORY = 6
    DATA = 7
    DISK = 8
    SIGINT = 130
    SIGTERM = 143


class SearchError(Exception):
    """Base of everything a user can mend. Its text is the whole message; no traceback is shown."""

    exit_code = ExitCode.INTERNAL
    heading = "error: "


class SpaceError(SearchError):
    """The space file or an option is wrong. Nothing was launched; the user edits and reruns."""

    exit_code = ExitCode.USAGE


class TooManyFailures(SearchError):
    """More trials failed than the budget allows. The user reads the reasons before spending more."""

    exit_code = ExitCode.TOO_MANY_FAILURES


class NoTrialCompleted(SearchError):
    """The budget is spent and no trial reached its full training."""

    exit_code = ExitCode.NO_TRIAL_COMPLETED


class ClusterError(SearchError):
    """Ray cannot be reached, was lost, or lacks what a trial asks for."""

    exit_code = ExitCode.CLUSTER


class RunDirectoryError(SearchError):
    """The run directory exists, is owned by another driver, or is damaged."""

    exit_code = ExitCode.RUN_DIRECTORY


class DiskError(SearchError):
    """The output cannot be written. What was written stays readable and resumable."""

    exit_code = ExitCode.DISK


class Halt(BaseException):
    """Ends the search; `cause` is the error to report."""

    def __init__(self, cause: SearchError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Interrupted(SearchError):
    """The user or the system asked the driver to stop."""

    heading = ""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.exit_code = _exit_code(signal_number)


def _exit_code(signal_number: int) -> ExitCode:
    return ExitCode.SIGINT if signal_number == signal.SIGINT else ExitCode.SIGTERM
