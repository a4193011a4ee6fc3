"""Why an attempt at a trial was lost, from what Ray says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOST_PROCESS = "lost:"
"""How the reason of a failure that the configuration did not cause begins."""
OUT_OF_MEMORY = "memory:"
"""How the reason of a trial begins that Ray's memory monitor ended every time."""
FROZEN = "Frozen"
_PROCESS_DIED = "the worker process died"
_DECIDE_MEMORY = (
    "classifier.kind",
    "classifier.hidden_size",
    "classifier.batch_size",
    "sae.kind",
    "sae.width",
    "sae.batch_size",
)
_SENTENCE = 300


@dataclass(frozen=True)
class Loss:
    """What became of a process."""

    what: str = _PROCESS_DIED
    memory: bool = False
    """Ended because its machine ran out of it."""
    frozen: bool = False
    """Ended from outside, as it no longer answered."""

    @property
    def reason(self) -> str:
        """Why the trial is tried again, as the ledger keeps it."""
        return f"{LOST_PROCESS} {self.what}"

    def final_reason(self, times: int, trial: Mapping[str, Any]) -> str:
        """Of giving up after so many attempts at a trial with these nested settings."""
        if not self.memory:
            return f"{LOST_PROCESS} {self.what}{'' if self.what == _PROCESS_DIED else ','} {times} times"
        deciding = ", ".join(f"{path} {value}" for path, value in _deciding(trial))
        settings = f" A trial's memory depends on the images and on: {deciding}." if deciding else ""
        return f"{OUT_OF_MEMORY} {self.what}, {times} times.{settings} Fewer at once: resources.cpu"


def system_error(kind: str, actor: str, message: str) -> str:
    """A system error of Ray as `loss_of` reads it. actor: Ray's id of the process, in hex."""
    return f"{kind} of actor {actor}: {message}"


def loss_of(told: str) -> Loss:
    """From what Ray Tune keeps of an error: `system_error`, or in Ray's own words that a process died."""
    found = re.search(r"^(\w+) of actor ([0-9a-f]+): (.*)", told, re.MULTILINE)
    if found is None:
        return Loss()
    kind, actor, first_line = found.groups()
    if kind == "OutOfMemoryError":
        return Loss(_memory(actor, told), memory=True)
    if kind == FROZEN:
        return Loss(frozen=True)
    return Loss(f"{kind}: {first_line.strip()[:_SENTENCE]}".removesuffix(": "))


def _memory(actor: str, told: str) -> str:
    """What the process took and how full its machine was, as far as Ray says so."""
    ended = re.findall(
        r"^Selected to kill: \((.*?): .*?actual memory used=([\d.]+ ?[KMGT]?B)", told, re.MULTILINE
    )
    # A process that was not ready yet has no actor's name there; if it is the only one, it is meant.
    took = dict(ended).get(f"Actor({actor})") or (ended[0][1] if len(ended) == 1 else None)
    machine = re.search(r"was ([\d.]+ ?[KMGT]?B) used / ([\d.]+ ?[KMGT]?B) limit", told)
    of_machine = f" while its machine was at {machine[1]} of {machine[2]}" if machine else ""
    if took is None:
        return f"the worker was ended by Ray's memory monitor{of_machine}"
    return f"the worker took {took}{of_machine}, and Ray's memory monitor ended it"


def _deciding(trial: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found = []
    for path in _DECIDE_MEMORY:
        section, _, name = path.partition(".")
        value = (trial.get(section) or {}).get(name)
        if value is not None:
            found.append((path, value))
    return found
