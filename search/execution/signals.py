"""Leaving a search from inside one of Ray's hooks, and the two Ctrl-C.

Ray Tune catches Exception around its hooks and carries on, so what must end the search travels as a
BaseException. Nothing is lost by leaving abruptly: everything acknowledged is in the ledger.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from search.errors import Halt, Interrupted, _exit_code

# A dropped connection (SIGHUP) is asked to stop like SIGTERM.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SHOW_CURSOR = b"\x1b[?25h"  # a live table hides it


class StopSignals:
    """Remembers the first SIGINT, SIGTERM or SIGHUP; the second leaves at once."""

    def __init__(self) -> None:
        self._received: int | None = None

    def check(self) -> None:
        """Raise Halt if a signal came; called where stopping is safe."""
        if self._received is not None:
            raise Halt(Interrupted(self._received))

    @contextmanager
    def listening(self, leave_at_once: Callable[[], None]) -> Iterator[Callable[[], None]]:
        """Handle the signals until the block ends; yields what takes them back from a library that took them.

        `leave_at_once` frees what must not stay behind when the second signal comes.
        """

        def handle(number: int, _frame: FrameType | None) -> None:
            if self._received is None:
                self._received = number
                return
            leave_at_once()
            if sys.stderr.isatty():
                os.write(sys.stderr.fileno(), _SHOW_CURSOR)
            os._exit(_exit_code(number))

        def arm() -> None:
            for number in _SIGNALS:
                signal.signal(number, handle)

        previous = {number: signal.getsignal(number) for number in _SIGNALS}
        arm()
        try:
            yield arm
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
