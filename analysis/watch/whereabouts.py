"""In which state a run is, from its LOCK, run.json and the sessions in its ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.reading.run_owner import Owner
from search.formatting import one_line
from search.ledger.history import History

State = Literal[
    "running", "confirming", "starting", "elsewhere", "broken off", "done", "interrupted", "failed", "unknown"
]
LIVE: frozenset[State] = frozenset(("running", "confirming", "starting", "elsewhere"))
"""States that end by themselves, so that watching makes sense."""


@dataclass(frozen=True)
class Whereabouts:
    """The state in one word and in a sentence."""

    state: State
    sentence: str


def whereabouts(
    owner: Owner | None, info: Mapping[str, object], searched: History, confirmed: History | None
) -> Whereabouts:
    """Of a run with this owner, run.json, and ledgers of the search and of its confirmation, if any."""
    if owner is not None and owner.alive:
        who = f"by process {owner.pid}"
        if _is_by(owner, searched):
            return Whereabouts("running", f"running, {who}")
        if confirmed is not None and _is_by(owner, confirmed):
            return Whereabouts("confirming", f"its best trials are being confirmed, {who}")
        return Whereabouts("starting", f"starting, {who}")
    status = info.get("status")
    if status == "running":
        if owner is not None and owner.alive is None:
            there = f"process {owner.pid} on {one_line(owner.host, 60)}"
            return Whereabouts("elsewhere", f"running, it says, by {there}, which cannot be asked from here")
        gone = "its process" if owner is None else f"process {owner.pid}"
        return Whereabouts("broken off", f"broken off: {gone} is gone")
    if status in ("done", "interrupted", "failed"):
        reason = info.get("reason")
        because = f": {one_line(reason)}" if isinstance(reason, str) and reason else ""
        return Whereabouts(status, f"{status}{because}")
    return Whereabouts("unknown", "no process has it, and run.json does not say how it ended")


def _is_by(owner: Owner, history: History) -> bool:
    """Whether the newest session is this process's."""
    newest = history.sessions[-1] if history.sessions else None
    return newest is not None and (newest.pid, newest.host) == (owner.pid, owner.host)
