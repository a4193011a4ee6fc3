"""Opening a run's ledger for writing, with everything that follows it, and closing it whatever happened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from search.errors import DiskError
from search.history import History, fold
from search.interruption import Halt
from search.ledger import Ledger
from search.recorder import Listener, Recorder

logger = logging.getLogger(__name__)


@contextmanager
def recording(path: Path, listeners: Callable[[History], Sequence[Listener]]) -> Iterator[Recorder]:
    """A recorder that goes on with the ledger at `path`.

    A Halt leaves the block as the error it carries. An OSError of a listener is a DiskError, unless
    something worse is on its way, which it must not hide.
    """
    ledger, events = Ledger.open(path)
    followers: list[Listener] = []
    with ledger:
        history = fold(events)
        try:
            with _as_disk_error():
                followers.extend(listeners(history))
            yield Recorder(ledger, history, followers)
        except Halt as halt:
            _close(followers)
            raise halt.cause from None
        except BaseException:
            _close(followers)
            raise
        error = _close(followers)
        if error is not None:
            with _as_disk_error():
                raise error


def _close(followers: Sequence[Listener]) -> OSError | None:
    """Close every listener, also after one that fails; the first failure."""
    first: OSError | None = None
    for follower in followers:
        try:
            follower.close()
        except OSError as error:
            logger.warning("closing after the run: %s", error)
            first = first or error
    return first


@contextmanager
def _as_disk_error() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"{error.filename or 'output'}: cannot write: {error.strerror}") from None
