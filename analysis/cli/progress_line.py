"""What a script is doing, on stderr: one line that is written over on a terminal, a line a step elsewhere."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Self, TextIO


class ProgressLine:
    """Into a file nothing is said for the first `patience` seconds, so that quick commands leave no trace."""

    def __init__(self, stream: TextIO | None = None, patience: float = 1.0) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._over = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._begun = time.monotonic()
        self._patience = patience

    def __enter__(self) -> Self:
        return self

    def say(self, text: str) -> None:
        """Say what begins now, with the seconds so far."""
        elapsed = time.monotonic() - self._begun
        if not self._over and elapsed < self._patience:
            return
        line = f"{text} ({elapsed:.0f} s so far)"
        self._stream.write(f"\r\x1b[K{line}" if self._over else f"{line}\n")
        self._stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
