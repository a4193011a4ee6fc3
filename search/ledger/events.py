"""The events of a ledger: what they hold, how they are written (`dump`), and how they are read (`parse`).

A driver trusts what it wrote. Who reads a run that came from anywhere must not: a line whose sum is right
may still hold a list where a number belongs. So everybody gets events from `parse`, which checks them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, get_args

from search.study.domains import Scalar

LONGEST_NAME = 500

EndState = Literal["COMPLETE", "PRUNED", "FAIL"]
State = Literal["RUNNING", EndState]


@dataclass(frozen=True)
class Session:
    """A driver took the run."""

    time: float
    """In seconds since 1970, as in all events."""
    target: int
    """Trials in all."""
    command: list[str] | None = None
    host: str | None = None
    pid: int | None = None
    data: str | None = None
    """Digest of the images."""
    version: str | None = None
    """Of sae-search."""
    space: str | None = None
    """Digest of space.resolved.yaml."""


@dataclass(frozen=True)
class Suggest:
    """A trial exists from now on."""

    time: float
    trial: int
    params: Mapping[str, Scalar]
    origin: str
    """`default`, `sampler`, `confirmation` or `design:<arm>`."""


@dataclass(frozen=True)
class Result:
    """A step of a trial reported its metrics."""

    time: float
    trial: int
    epoch: int
    rung: int | None
    """Counts from 1; None between rungs."""
    metrics: Mapping[str, float]
    checkpoint: Mapping[str, str] | None = None
    """What `trainables.storage.checkpoint` says of the folder it wrote; of a step's last result only."""


@dataclass(frozen=True)
class Decision:
    """Whether a trial goes on after a rung: `continue`, `stop`, or `pause`, which a later one takes back."""

    time: float
    trial: int
    rung: int
    action: str


@dataclass(frozen=True)
class Retry:
    """A trial's process died; it runs again from its checkpoint."""

    time: float
    trial: int
    reason: str


@dataclass(frozen=True)
class End:
    """A trial is over."""

    time: float
    trial: int
    state: EndState
    reason: str | None = None
    values: tuple[float, ...] | None = None
    """Of the objectives, of a trial that was trained in full."""


Event = Session | Suggest | Result | Decision | Retry | End


class UnsoundEvent(ValueError):
    """A record that is no event; the text says why."""


class UnknownEvent(UnsoundEvent):
    """A record of a kind that this version does not have."""


def dump(event: Event) -> dict[str, Any]:
    """The record of an event, ready for JSON; the inverse of `parse`."""
    record = {"event": _NAMES[type(event)], **vars(event)}
    if isinstance(event, Session):  # what a session does not say is left out, as older versions did
        return {key: value for key, value in record.items() if value is not None}
    return record


def parse(record: Mapping[str, Any]) -> Event:
    """The event of a record. Raises UnknownEvent or UnsoundEvent; a key that is not known is ignored."""
    name = record.get("event")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UnknownEvent(f"the event {str(name)[:100]!r} is unknown")
    given: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in record:
            given[field.name] = value = record[field.name]
            if not _SHAPES[kind][field.name](value):
                raise UnsoundEvent(f"the {field.name} of this {name!r} cannot be {str(value)[:100]!r}")
        elif field.default is MISSING:
            raise UnsoundEvent(f"this {name!r} lacks {field.name}")
    if given.get("values") is not None:
        given["values"] = tuple(given["values"])
    return kind(**given)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


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


def _are_params(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and all(isinstance(scalar, str | int | float) for scalar in value.values())
        and _are_names(value)
    )


def _are_metrics(value: object) -> bool:
    return isinstance(value, Mapping) and _are_numbers(value.values()) and _are_names(value)


def _are_values(value: object) -> bool:
    return isinstance(value, list | tuple) and _are_numbers(value)


def _are_words(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _or_none(check: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or check(value)


_COMMON = {"time": _is_number, "trial": _is_count}
_SHAPES: dict[type[Event], dict[str, Callable[[object], bool]]] = {
    Session: {
        "time": _is_number,
        "target": _is_count,
        "command": _or_none(_are_words),
        "pid": _or_none(_is_count),
        **dict.fromkeys(("host", "data", "version", "space"), _or_none(_is_text)),
    },
    Suggest: {**_COMMON, "params": _are_params, "origin": _is_text},
    Result: {
        **_COMMON,
        "epoch": _is_count,
        "rung": _or_none(_is_count),
        "metrics": _are_metrics,
        "checkpoint": _or_none(lambda value: isinstance(value, Mapping)),
    },
    Decision: {**_COMMON, "rung": _is_count, "action": _is_text},
    Retry: {**_COMMON, "reason": _is_text},
    End: {
        **_COMMON,
        "state": lambda value: isinstance(value, str) and value in get_args(EndState),
        "reason": _or_none(_is_text),
        "values": _or_none(_are_values),
    },
}
_NAMES: dict[type[Event], str] = {kind: kind.__name__.lower() for kind in _SHAPES}
_KINDS: dict[str, type[Event]] = {name: kind for kind, name in _NAMES.items()}
