"""A run on shared storage while it runs: ledger, state and files go there from a thread of the driver.

The driver's local disk stays the truth. The search neither waits for the storage nor fails with it: trouble
is logged, tried again, and told at the end. Only another driver that took the run over ends the search.
"""

from __future__ import annotations

import logging
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from search.errors import DiskError, Halt, RunDirectoryError, SpaceError
from search.ledger.events import End, Event, Session
from search.ledger.history import History
from search.ledger.ledger import read
from search.ledger.recorder import TrialLogger
from search.run_dir.run_directory import RunDirectory
from search.storage.lease import Lease, clock, current, newcomer, refuse_if_replaced, sign
from search.storage.ledger_segments import Segments
from search.storage.shared_files import SharedFiles
from trainables.storage.object_store import Store, absolute, below, holds_a_password

logger = logging.getLogger(__name__)

FLUSH_EVERY_S = 10.0
FILES_WITHIN_S = 5.0
"""Files go up, and trials come home, for so long each before the ledger has its turn again: what is
acknowledged is on the storage in 30 s, and the driver's sign of life is fresh, whatever there is to do."""
FINISH_WITHIN_S = 120.0
FINISH_WITHIN_S_WHEN_STOPPED = 7.0
_PAUSES_S = (1.0, 3.0)
NONE = "none"


@dataclass(frozen=True)
class Sharing:
    """What a search needs to know of its storage; as it stands here: that there is none."""

    place: str | None = None
    loggers: tuple[TrialLogger, ...] = ()
    checks: tuple[Callable[[], None], ...] = ()
    """Called between Ray's steps; raise Halt when another driver has the run."""


UNSHARED = Sharing()


def place_of(directory: RunDirectory, storage: str | None, name: str | None = None) -> str | None:
    """Where the run is shared: below what the user says now, or where it was before; None for nowhere.

    Raises SpaceError for a place that cannot be meant.
    """
    if storage is None:
        return directory.read_info().get("storage")
    if storage == NONE:
        return None
    if holds_a_password(storage):
        raise SpaceError(
            "--storage: a password in the address would end up in logs and run.json. Use the environment "
            "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), ~/.aws, or the machine's role."
        )
    return below(absolute(storage), name or directory.path.name)


@contextmanager
def sharing(directory: RunDirectory, place: str | None) -> Iterator[Sharing]:
    """Share the run at `place` for the length of the block, and bring everything there at its end.

    The caller holds the run's lock. Raises DiskError if the storage cannot be used at all,
    RunDirectoryError if another driver has the run.
    """
    if place != directory.read_info().get("storage"):
        directory.write_info(storage=place)
    if place is None:
        yield UNSHARED
        return
    run = _begin(directory, place)
    try:
        yield Sharing(place, (run,), (run.check,))
    except BaseException:
        run.finish(FINISH_WITHIN_S_WHEN_STOPPED)
        raise
    run.finish(FINISH_WITHIN_S)
    run.refuse()


def open_store(place: str) -> Store:
    """The store at `place`. Raises SpaceError for what is no address, DiskError if nobody answers."""
    try:
        return Store(place)
    except ValueError as error:
        raise SpaceError(f"--storage {place}: {error}") from None
    except OSError as error:
        raise DiskError(f"{place}: cannot be opened: {error}") from None


def _begin(directory: RunDirectory, place: str) -> SharedRun:
    """Take the run on the storage: all that is known first, then the driver's name."""
    store = open_store(place)
    try:
        last = current(store)
        mine: list[str] = directory.read_info().get("storage_drivers", [])
        if last is not None and last.id not in mine:
            raise RunDirectoryError(
                f"{place} is another driver's run ({last}). "
                f"Go on from there: python search/run.py --resume '{place}' --out ANOTHER_FOLDER"
            )
        driver = newcomer(last)
        directory.write_info(storage_drivers=[*mine, driver.id])
        run = SharedRun(directory, store, driver)
        run.begin()
    except OSError as error:
        raise DiskError(f"{place}: cannot be used: {error}") from None
    return run


class SharedRun:
    """Follows a run as a logger and works in a thread of its own."""

    def __init__(self, directory: RunDirectory, store: Store, driver: Lease) -> None:
        self._directory = directory
        self._store = store
        self._driver = driver
        self._segments = Segments(store, driver.id, directory.ledger)
        self._files = SharedFiles(store, directory)
        self._acknowledged = read(directory.ledger)[1] if directory.ledger.exists() else 0
        self._replaced: RunDirectoryError | None = None
        self._trouble: str | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self) -> None:
        """Upload space and ledger, sign, look whether somebody was faster, and start. Raises OSError."""
        self._files.upload_space()
        self._segments.flush(self._acknowledged)
        sign(self._store, self._driver)
        refuse_if_replaced(self._store, self._driver)
        self._thread.start()

    def on_events(self, events: Sequence[Event], history: History) -> None:
        """Note how far the ledger is acknowledged and which trials ended; the thread does the rest."""
        self._acknowledged = self._directory.ledger.stat().st_size
        for event in events:
            if isinstance(event, End):
                self._files.ended(history.trials[event.trial])
            elif isinstance(event, Session):
                # Those that ended on a node when nobody was there to bring them home.
                for trial in history.trials.values():
                    if trial.state != "RUNNING":
                        self._files.ended(trial)

    def close(self) -> None:
        """The last lines of run.json are still to come; see `finish`."""

    def check(self) -> None:
        """Raises Halt when another driver has the run."""
        if self._replaced is not None:
            raise Halt(self._replaced)

    def refuse(self) -> None:
        """Raises RunDirectoryError when another driver has the run."""
        if self._replaced is not None:
            raise self._replaced

    def finish(self, within_s: float) -> None:
        """Bring the rest there, and say on stderr what did not get there in time."""
        self._over.set()
        self._thread.join(within_s)
        if self._replaced is not None:
            return
        what = self._trouble or (f"no answer within {within_s:g} s" if self._thread.is_alive() else None)
        if what is not None:
            print(  # noqa: T201
                f"error: not all of this run is in {self._store.place}: {what}. It is whole in "
                f"{self._directory.path}; what is missing goes there with the next --resume.",
                file=sys.stderr,
            )

    def _work(self) -> None:
        while not self._over.wait(FLUSH_EVERY_S) and self._replaced is None:
            self._try_to_flush()
        for pause in (*_PAUSES_S, None):
            if self._replaced is not None or self._try_to_flush(ended=True) or pause is None:
                return
            time.sleep(pause)

    def _try_to_flush(self, *, ended: bool = False) -> bool:
        """Whether everything got there."""
        try:
            self._flush(ended=ended)
        except RunDirectoryError as error:
            self._replaced = error
            return False
        except Exception as error:  # a library's own kind, or a folder that vanished: never the search's end
            if self._trouble is None and not ended:
                logger.warning("the storage %s fails, the search goes on: %s", self._store.place, error)
            self._trouble = f"{type(error).__name__}: {error}" if not str(error) else str(error)
            return False
        if self._trouble is not None and not ended:
            logger.warning("the storage %s works again", self._store.place)
        self._trouble = None
        missing = self._files.missing() if ended else []
        if missing:
            self._trouble = f"trials {', '.join(missing)} left their last checkpoint on a node"
        return not missing

    def _flush(self, *, ended: bool) -> None:
        if not refuse_if_replaced(self._store, self._driver):
            # Somebody emptied the place: begin again, with everything.
            self._segments.sent = 0
            self._files.forget()
        self._files.upload_space()
        self._segments.flush(self._acknowledged)
        sign(self._store, self._driver)
        told = {**vars(self._driver), "heartbeat": clock(time.time()), "ledger_bytes": self._segments.sent}
        self._files.tell(told)
        within_s = math.inf if ended else FILES_WITHIN_S
        self._files.upload(within_s)
        self._files.bring_home(within_s)
        if ended:
            sign(self._store, self._driver, ended=True)
