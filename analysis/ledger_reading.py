"""A ledger as far as it is whole, for those who only look.

A driver refuses a ledger that is damaged in the middle, because it would write on. A reader takes what is
whole before the damage and after it, and says so: every line carries its own sum, so a whole line is true
whatever became of its neighbours. What refers to a trial whose beginning was lost is left out.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from analysis.encodable import encodable
from search.history import History, State, TrialRecord
from search.ledger import decode
from search.standings import count, trial_list
from search.study import Study

LONGEST_NAME = 500
_SURROGATE = b"\\ud"


@dataclass
class LedgerFollower:
    """Reads a ledger that may be growing: every reading takes in the lines that were finished since."""

    path: Path
    history: History = field(default_factory=History)
    damaged: list[int] = field(default_factory=list)
    """Numbers of the lines, from 1, that are not whole."""
    orphans: int = 0
    """Whole records that were left out, because what they refer to is not there."""
    torn: int = 0
    """Bytes after the last newline: being written just now, or torn by a crash."""
    newest: float = 0.0
    """Time of the newest event."""
    _offset: int = 0
    _lines: int = 0

    def events(self) -> Iterator[dict[str, Any]]:
        """Fold in what is new, line by line; each event right after it became part of `history`.

        A file that has shrunk was cut, and is read from its beginning. Raises OSError if it cannot be read.
        """
        with self.path.open("rb") as file:
            if file.seek(0, os.SEEK_END) < self._offset:
                self._start_over()
            file.seek(self._offset)
            content = file.read()
        whole = content.rfind(b"\n") + 1
        self.torn = len(content) - whole
        self._offset += whole
        for line in content[:whole].split(b"\n")[:-1]:
            self._lines += 1
            event = decode(line)
            if event is not None and _SURROGATE in line.lower():
                event = encodable(event)
            if event is None:
                self.damaged.append(self._lines)
            elif self._fold(event):
                yield event

    def poll(self) -> None:
        """Fold in what is new. Raises OSError if the file cannot be read."""
        for _ in self.events():
            pass

    def _start_over(self) -> None:
        self.history, self.damaged, self.orphans, self.newest = History(), [], 0, 0.0
        self._offset = self._lines = 0

    def _fold(self, event: dict[str, Any]) -> bool:
        if not _is_sound(event) or ("trial" in event and not self._is_known(event)):
            self.orphans += 1
            return False
        self.newest = max(self.newest, event["time"])
        return self.history.apply(event)

    def _is_known(self, event: Mapping[str, Any]) -> bool:
        return event["event"] == "suggest" or event["trial"] in self.history.trials

    def complaints(self, *, being_written: bool = False) -> list[str]:
        """What could not be read, a sentence each. A live driver's half line is no damage."""
        said = []
        # A crash can tear the last line only; with its newline it is damage like any other.
        if self.damaged:
            shown = ", ".join(str(line) for line in self.damaged[:5])
            more = f" and {len(self.damaged) - 5} more" if len(self.damaged) > 5 else ""
            lines = "line" if len(self.damaged) == 1 else "lines"
            rest = "what is whole before and after was taken"
            said.append(f"{self.path.name}: {lines} {shown}{more} cannot be read; {rest}")
        if self.orphans:
            said.append(
                f"{self.path.name}: {count(self.orphans, 'record')} left out, because no trial is known that "
                "belongs to it"
            )
        if self.torn and not being_written:
            said.append(f"{self.path.name}: the last line is torn; it was never acknowledged")
        return said


def drop_what_does_not_fit(study: Study, history: History, damage: list[str]) -> None:
    """Take out trials that cannot be of this study, and values that are not of its objectives."""
    strangers = [number for number, record in history.trials.items() if not _fits(study, record)]
    for number in strangers:
        del history.trials[number]
    if strangers:
        damage.append(f"trials {trial_list(strangers)} are left out: they are not of this study")
    for record in history.trials.values():
        if record.values is not None and len(record.values) != len(study.objectives):
            record.values = None
            damage.append(f"trial {record.folder} is not ranked: its values are not those of the objectives")


def _fits(study: Study, record: TrialRecord) -> bool:
    try:
        study.values(record.params)
    except (KeyError, TypeError):  # a direction that the design does not have
        return False
    return True


def _is_sound(event: Mapping[str, Any]) -> bool:
    """Whether it has the shape that `search.history` describes: a run may come from anywhere."""
    check = _SHAPES.get(event.get("event"))  # type: ignore[arg-type]
    return check is not None and _is_number(event.get("time")) and check(event)


def _is_session(event: Mapping[str, Any]) -> bool:
    return isinstance(event.get("target"), int) and event["target"] >= 0


def _is_suggestion(event: Mapping[str, Any]) -> bool:
    params = event.get("params")
    return (
        _is_trial(event)
        and isinstance(event.get("origin"), str)
        and isinstance(params, dict)
        and all(isinstance(value, str | int | float) for value in params.values())
        and _are_names(params)
    )


def _is_result(event: Mapping[str, Any]) -> bool:
    metrics, checkpoint, rung = event.get("metrics"), event.get("checkpoint"), event.get("rung", "")
    return (
        _is_trial(event)
        and _is_count(event.get("epoch"))
        and (rung is None or _is_count(rung))
        and (checkpoint is None or isinstance(checkpoint, dict))
        and isinstance(metrics, dict)
        and _are_numbers(metrics.values())
        and _are_names(metrics)
    )


def _is_decision(event: Mapping[str, Any]) -> bool:
    return _is_trial(event) and _is_count(event.get("rung")) and isinstance(event.get("action"), str)


def _is_retry(event: Mapping[str, Any]) -> bool:
    return _is_trial(event) and isinstance(event.get("reason"), str)


def _is_end(event: Mapping[str, Any]) -> bool:
    reason, values = event.get("reason"), event.get("values")
    return (
        _is_trial(event)
        and event.get("state") in set(get_args(State)) - {"RUNNING"}
        and (reason is None or isinstance(reason, str))
        and (values is None or (isinstance(values, list) and _are_numbers(values)))
    )


_SHAPES = {
    "session": _is_session,
    "suggest": _is_suggestion,
    "result": _is_result,
    "decision": _is_decision,
    "retry": _is_retry,
    "end": _is_end,
}


def _is_trial(event: Mapping[str, Any]) -> bool:
    return _is_count(event.get("trial"))


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_number(value: object) -> bool:
    return _are_numbers((value,))


def _are_numbers(values: Collection[object]) -> bool:
    """Finite ones; 1e999 is valid JSON."""
    return set(map(type, values)) <= {int, float} and all(map(_is_finite, values))


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def _are_names(names: Iterable[str]) -> bool:
    return all(len(name) <= LONGEST_NAME for name in names)
