"""`--resume STORAGE/NAME`: a run directory on this machine from what its driver left on shared storage."""

from __future__ import annotations

import json
import sys
import urllib.parse
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from search.errors import DiskError, RunDirectoryError
from search.ledger.events import Event
from search.ledger.history import fold
from search.ledger.ledger import decode, read
from search.run_dir.run_directory import RunDirectory, create
from search.storage.lease import Lease, clock, current
from search.storage.ledger_segments import collect
from search.storage.shared_run import open_store
from trainables.storage.object_store import Store, absolute, below, is_uri

_TEXTS = ("space.yaml", "space.resolved.yaml")
_CONFIRM = "confirm"


def is_shared(run: str) -> bool:
    """Whether `run` names a run on shared storage rather than a run directory."""
    return is_uri(run) or (Path(run) / "drivers").is_dir()


def bring_home(run: str, out: Path, *, take_over: bool) -> RunDirectory:
    """Make and lock `out/<name of the run>` with everything that the storage knows.

    Raises RunDirectoryError if there is no run, if its driver may be alive and `take_over` was not said, or
    if the directory exists here; DiskError if the storage or the disk fails.
    """
    place = absolute(run)
    store = open_store(place)
    try:
        last = current(store)
        if last is None:
            raise RunDirectoryError(f"{place}: no run was ever shared here")
        if last.is_alive and not take_over:
            raise RunDirectoryError(
                f"{place} seems to be driven by {last}. Wait for it or stop it. If it is gone, wait a minute "
                "and a half, or say --take-over: should it come back, it will stop at its next look."
            )
        ledger = _whole_lines(collect(store, last.id))
        files = {name: store.get(name).decode() for name in _TEXTS}
        files |= _confirmation(place)
        files |= {"trials.jsonl": ledger, "run.json": _info(store, last, place)}
    except FileNotFoundError as error:
        raise RunDirectoryError(f"{place}: something of the run is missing: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DiskError(f"{place}: cannot be read: {error}") from None
    directory = create(out, "", _name(place), files)
    print(_what_is_known(read(directory.ledger)[0], last, place), file=sys.stderr)  # noqa: T201
    return directory


def _whole_lines(content: bytes) -> str:
    """Up to the first line that no driver wrote: nothing is trusted where others may write."""
    lines = []
    for line in content.split(b"\n")[:-1]:
        if decode(line) is None:
            break
        lines.append(line + b"\n")
    return b"".join(lines).decode()


def _confirmation(place: str) -> dict[str, str]:
    """The same of a confirmation, if there was one."""
    inside = below(place, _CONFIRM)
    store = open_store(inside)
    last = current(store)
    if last is None:
        return {}
    return {
        f"{_CONFIRM}/trials.jsonl": _whole_lines(collect(store, last.id)),
        f"{_CONFIRM}/run.json": _info(store, last, inside),
    }


def _info(store: Store, last: Lease, place: str) -> str:
    """run.json as it was, with this machine as a rightful heir."""
    try:
        info: dict[str, Any] = json.loads(store.get("run.json"))
    except FileNotFoundError:
        info = {}
    except ValueError as error:
        raise RunDirectoryError(f"{place}: run.json is damaged: {error}") from None
    info.pop("driver", None)
    return json.dumps({**info, "storage": place, "storage_drivers": [last.id]}, indent=2) + "\n"


def _name(place: str) -> str:
    path = urllib.parse.unquote(urllib.parse.urlsplit(place).path) if is_uri(place) else place
    return PurePosixPath(path).name


def _what_is_known(events: Sequence[Event], last: Lease, place: str) -> str:
    history = fold(events)
    newest = f"the newest line is of {clock(events[-1].time)}" if events else "not a line of the ledger"
    known = f"taken from {place}: {len(history.trials)} trials, {history.finished} ended; {newest}."
    if last.ended:
        return f"{known} Its driver on {last.host} had brought everything there."
    return f"{known} What was acknowledged later on {last.host} is not known here and is done again."
