"""Where the driver's log lines go: warnings of ours to stderr, everything to driver.log in the run directory.

Ray and Tune write whole paragraphs to the terminal for things that are handled here; they go to the
file alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def driver_log(path: Path) -> Iterator[None]:
    """Log to `path` for the length of the block."""
    to_file = logging.FileHandler(path, delay=True)
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root, ray = logging.getLogger(), logging.getLogger("ray")
    before = (ray.handlers, ray.propagate)
    root.addHandler(to_file)
    ray.handlers, ray.propagate = [to_file], False
    try:
        yield
    finally:
        ray.handlers, ray.propagate = before
        root.removeHandler(to_file)
        to_file.close()
