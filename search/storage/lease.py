"""Who drives a run that is on shared storage: one small object a driver, `drivers/<epoch>-<owner>.json`.

A lock file does not work on NFS or S3. Instead every driver that takes a run writes its own object, with an
epoch above all that it finds, and rewrites only that one. The highest epoch drives; of two that took the
same, the smaller owner. An older driver that comes back sees a higher one at its next look and stops.
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from search.errors import RunDirectoryError
from trainables.storage.object_store import Store

FRESH_S = 90.0
"""A driver whose last sign of life is younger counts as alive."""
_FOLDER = "drivers"
_LENGTH = 512
"""Of every object here: who reads asks for the length first, and must not get half of what comes then."""
_NAME = re.compile(rf"{_FOLDER}/(\d{{6}})-([0-9a-f]{{8}})\.json")


@dataclass(frozen=True)
class Lease:
    """One driver's word about itself."""

    epoch: int
    owner: str
    host: str
    pid: int
    heartbeat: float
    """Seconds since 1970 by the driver's own clock."""
    ended: bool = False

    @property
    def id(self) -> str:
        """Names what is this driver's alone."""
        return f"{self.epoch:06d}-{self.owner}"

    @property
    def is_alive(self) -> bool:
        """Whether it may still be at work, so far as its last sign tells."""
        return not self.ended and time.time() - self.heartbeat < FRESH_S

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, last heard of {clock(self.heartbeat)}"


def clock(seconds: float) -> str:
    """A time as the messages give it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def current(store: Store) -> Lease | None:
    """Who drives the run now, or did last; None if nobody ever did. Raises OSError."""
    names = [match for name in store.sizes(_FOLDER) if (match := _NAME.fullmatch(name))]
    if not names:
        return None
    highest = max(int(match[1]) for match in names)
    first = min((match for match in names if int(match[1]) == highest), key=lambda match: match[2])
    try:
        told: dict[str, Any] = json.loads(store.get(first[0]))
        return Lease(
            highest,
            first[2],
            str(told["host"]),
            int(told["pid"]),
            float(told["heartbeat"]),
            bool(told["ended"]),
        )
    except (ValueError, KeyError, TypeError):
        raise OSError(f"{store.place}: {first[0]} is damaged; remove it and try again") from None


def newcomer(last: Lease | None) -> Lease:
    """This process, about to take over from `last`."""
    epoch = 1 if last is None else last.epoch + 1
    return Lease(epoch, uuid.uuid4().hex[:8], socket.gethostname(), os.getpid(), time.time())


def sign(store: Store, driver: Lease, *, ended: bool = False) -> None:
    """Take the run, and later show that the driver lives, or that it left. Raises OSError."""
    facts = asdict(replace(driver, heartbeat=time.time(), ended=ended))
    store.put(f"{_FOLDER}/{driver.id}.json", json.dumps(facts).encode().ljust(_LENGTH))


def refuse_if_replaced(store: Store, driver: Lease) -> bool:
    """Whether the driver's name is on the storage still.

    Raises RunDirectoryError if another driver has the run now, OSError if that cannot be seen.
    """
    now = current(store)
    if now is not None and now.id != driver.id:
        raise RunDirectoryError(
            f"another driver has taken over this run ({now}); this one stops, so that there is one history. "
            f"What goes on is in {store.place}."
        )
    return now is not None
