"""Where the driver's log lines go: all to driver.log in the run directory, warnings of ours to stderr too.

Ray and Tune write whole paragraphs for things that are handled here; those go to the file alone.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def driver_log(path: Path) -> Iterator[None]:
    """Log to `path` for the length of the block."""
    to_file = _Log(path, delay=True)
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root, ours = logging.getLogger(), logging.getLogger("search")
    root.addHandler(to_file)
    # Python's handler of last resort writes warnings to whatever sys.stderr is at that moment, so that
    # a live table is not torn.
    assert logging.lastResort is not None
    ours.addHandler(logging.lastResort)
    try:
        yield
    finally:
        ours.removeHandler(logging.lastResort)
        root.removeHandler(to_file)
        with suppress(OSError):
            to_file.close()


class _Log(logging.FileHandler):
    """A full disk loses its lines, and says so nowhere: what matters fails by itself, with one sentence."""

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)
