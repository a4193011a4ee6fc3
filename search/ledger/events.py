"""Whether a ledger's event has the shape that `search.ledger.history` describes.

A driver trusts what it wrote. Who reads a run that came from anywhere must not: a line whose sum is right
may still hold a list where a number belongs.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

LONGEST_NAME = 500


def is_sound(event: Mapping[str, Any]) -> bool:
    """Whether it has the shape that `search.ledger.history` describes."""
    check = _SHAPES.get(str(event.get("event")))
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
        and event.get("state") in ("COMPLETE", "PRUNED", "FAIL")
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
