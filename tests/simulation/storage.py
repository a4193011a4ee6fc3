"""Shared storage in memory, and the thread that uploads, in virtual time.

An object appears whole or not at all. Every change is a place where the driver may be killed, as on the disk;
an outage makes every operation fail for a while. Another driver that takes the run over does what the product
does elsewhere: it lays down all that is known under its own name and signs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from search.storage import shared_run
from search.storage.lease import current, newcomer, sign
from search.storage.ledger_segments import collect
from search.storage.shared_run import FLUSH_EVERY_S, SharedRun
from tests.simulation.disk import Disk, Killed
from tests.simulation.plan import Outage
from trainables.workers import worker_storage

PLACE = "simulated://bucket"
LATE_S = 30.0
"""What is acknowledged is on the storage by then; the promise."""


class Bucket:
    """All objects of a simulation, and how operations on them go."""

    def __init__(self, disk: Disk) -> None:
        self.objects: dict[str, bytes] = {}
        self.outages: tuple[Outage, ...] = ()
        """Of this session."""
        self._disk, self._operations = disk, 0

    def begins(self, outages: tuple[Outage, ...]) -> None:
        """A session begins."""
        self.outages, self._operations = outages, 0

    def before(self, kind: str, *, changes: bool) -> None:
        """An operation is asked for; raises OSError if nobody answers."""
        if self._disk.is_dead:
            raise Killed
        self._operations += 1
        if any(out.first <= self._operations < out.first + out.length for out in self.outages):
            raise OSError(f"nobody answers ({kind})")
        if changes:
            self._disk.change(kind)

    def store(self, place: str) -> Any:
        """In place of `Store(place)`."""
        return _VirtualStore(self, place)

    def left_alone(self, place: str) -> Any:
        """The same for somebody whom no fault concerns."""
        return _VirtualStore(self, place, is_watched=False)


class _VirtualStore:
    def __init__(self, bucket: Bucket, place: str, *, is_watched: bool = True) -> None:
        self.place, self._bucket, self._is_watched = place, bucket, is_watched

    def put(self, name: str, content: bytes) -> None:
        self._ask("put", changes=True)
        self._bucket.objects[f"{self.place}/{name}"] = bytes(content)

    grow = put

    def get(self, name: str) -> bytes:
        self._ask("get")
        found = self._bucket.objects.get(f"{self.place}/{name}")
        if found is None:
            raise FileNotFoundError(name)
        return found

    def sizes(self, prefix: str) -> dict[str, int]:
        self._ask("list")
        begins = f"{self.place}/{prefix}/"
        cut = len(self.place) + 1
        return {
            name[cut:]: len(content)
            for name, content in sorted(self._bucket.objects.items())
            if name.startswith(begins)
        }

    def remove(self, name: str) -> None:
        self._ask("remove", changes=True)
        self._bucket.objects.pop(f"{self.place}/{name}", None)

    def _ask(self, kind: str, *, changes: bool = False) -> None:
        if self._is_watched:
            self._bucket.before(kind, changes=changes)


class _WorksWhenAwaited:
    """In place of a thread: its last part runs when it is waited for, the rest as time passes."""

    def __init__(self, target: Callable[[], None], daemon: bool) -> None:  # noqa: ARG002
        self._target = target

    def start(self) -> None:
        pass

    def join(self, timeout: float | None = None) -> None:  # noqa: ARG002
        self._target()

    def is_alive(self) -> bool:
        return False


class Uploads:
    """What the uploading thread does between the steps of a search."""

    def __init__(self, bucket: Bucket, place: str) -> None:
        self._bucket, self._place = bucket, place
        self._run: SharedRun | None = None
        self._usurped_at: int | None = None
        self._last = 0.0
        self._flushes = 0
        self.was_usurped = False

    def begins(self, run: SharedRun, now: float, usurped_at: int | None) -> None:
        """A driver has taken the run; somebody else will, ahead of the flush of this number."""
        self._run, self._last, self._usurped_at, self._flushes = run, now, usurped_at, 0

    def is_over(self) -> None:
        """The driver ended."""
        self._run = None

    def passed(self, now: float) -> None:
        """So late is it; what is due is done."""
        run = self._run
        if run is None or now - self._last < FLUSH_EVERY_S or run._replaced is not None:
            return
        self._last = now
        if self._flushes == self._usurped_at:
            self._usurp()
        self._flushes += 1
        run._try_to_flush()

    def _usurp(self) -> None:
        store = self._bucket.left_alone(self._place)
        last = current(store)
        assert last is not None
        heir = newcomer(last)
        store.put(f"ledger/{heir.id}/{0:012d}.jsonl", collect(store, last.id))
        sign(store, heir)
        self.was_usurped = True


def known(bucket: Bucket, place: str) -> bytes | None:
    """The ledger as the storage has it; None if nobody ever signed."""
    store = bucket.left_alone(place)
    last = current(store)
    return None if last is None else collect(store, last.id)


def is_signed_off(bucket: Bucket, place: str) -> bool:
    """Whether the last driver said that it brought everything."""
    last = current(bucket.left_alone(place))
    return last is not None and last.ended


@contextmanager
def in_memory(bucket: Bucket, node: Any) -> Iterator[None]:
    """The product's storage is the bucket. node: where a worker of another machine has its scratch."""
    with ExitStack() as stack:
        for place, name, value in (
            (shared_run, "Store", bucket.store),
            (worker_storage, "Store", bucket.store),
            (worker_storage, "scratch_folder", lambda _: node),
            (shared_run, "threading", SimpleNamespace(Event=threading.Event, Thread=_WorksWhenAwaited)),
        ):
            stack.enter_context(patch.object(place, name, value))
        yield
