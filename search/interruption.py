"""Leaving a search from inside one of Ray's hooks, and the two Ctrl-C.

Ray Tune catches Exception around its hooks and carries on, so what must end the search travels as a
BaseException. Nothing is lost by leaving abruptly: everything acknowledged is in the ledger.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from search.errors import ExitCode, SearchError


class Halt(BaseException):
    """Ends the search; `cause` is the error to report."""

    def __init__(self, cause: SearchError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Interrupted(SearchError):
    """The user or the system asked the driver to stop."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signal_number).name}")
        self.exit_code = ExitCode.SIGTERM if signal_number == signal.SIGTERM else ExitCode.SIGINT


class Interruption:
    """Remembers the first SIGINT or SIGTERM; the second leaves at once."""

    def __init__(self) -> None:
        self._received: int | None = None

    def check(self) -> None:
        """Raise Halt if a signal came; called where stopping is safe."""
        if self._received is not None:
            raise Halt(Interrupted(self._received))

    @contextmanager
    def listening(self, leave_at_once: Callable[[], None]) -> Iterator[None]:
        """Handle the signals until the block ends. `leave_at_once` frees what must not stay behind."""

        def handle(number: int, _frame: FrameType | None) -> None:
            if self._received is None:
                self._received = number
                return
            leave_at_once()
            os._exit(ExitCode.SIGTERM if number == signal.SIGTERM else ExitCode.SIGINT)

        signals = (signal.SIGINT, signal.SIGTERM)
        previous = {number: signal.signal(number, handle) for number in signals}
        try:
            yield
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
