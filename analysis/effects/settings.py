"""The settings of many trials as arrays: those of a run, and draws from its space with some of them held.

Of a parameter, `place` is where it stands: the index of a choice's option, else 0 to 1 along its range (on a
log scale where the range has one). It is `active` where its conditions hold, and `on` where it is active and
not switched off, which is where its place means something.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import qmc

from search.study.domains import Choice, Condition, Parameter, Scalar, same
from search.study.study import Study

Array = np.ndarray[Any, Any]
_STEPS = 1e-9


@dataclass(frozen=True)
class Column:
    """One parameter over n trials; arrays (n,)."""

    place: Array
    on: Array
    active: Array


Settings = dict[str, Column]


@dataclass(frozen=True)
class Held:
    """What a parameter is held at in draws: off, some of its options, or a stretch of its range."""

    off: bool = False
    options: tuple[int, ...] | None = None
    low: float = 0.0
    high: float = 1.0


def place_of(parameter: Parameter, value: Scalar) -> float | None:
    """Where a value stands in its domain; None if it is no value of it."""
    domain = parameter.domain
    if isinstance(domain, Choice):
        return next((float(k) for k, option in enumerate(domain.options) if same(option, value)), None)
    if isinstance(value, bool | str) or not domain.low <= value <= domain.high:
        return None
    low, high, at = float(domain.low), float(domain.high), float(value)
    if domain.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return 0.5 if high == low else (at - low) / (high - low)


def value_at(parameter: Parameter, place: float) -> Scalar:
    """The value that stands at a place; integers are rounded."""
    domain = parameter.domain
    if isinstance(domain, Choice):
        return domain.options[int(place)]
    low, high = float(domain.low), float(domain.high)
    value = low * (high / low) ** place if domain.log else low + place * (high - low)
    return value if isinstance(domain.low, float) else round(value)


def settings_of(study: Study, draws: Sequence[Mapping[str, Scalar]]) -> tuple[Settings, Array]:
    """The settings of trials, and a mask (n,) of those whose every value belongs to the space."""
    whole = np.ones(len(draws), dtype=bool)
    found = {}
    for parameter in study.parameters:
        place = np.zeros(len(draws))
        on = np.array([parameter.path in draw for draw in draws], dtype=bool)
        off = np.array([draw.get(parameter.switch_path) is False for draw in draws], dtype=bool)
        for row in np.flatnonzero(on).tolist():
            at = place_of(parameter, draws[row][parameter.path])
            whole[row] &= at is not None
            place[row] = at or 0.0
        found[parameter.path] = Column(place, on, on | off)
    return found, whole


def uniforms(study: Study, m: int, seed: int = 0) -> Array:
    """Even random numbers (m, 2 p) for `drawn_settings`, by a scrambled Sobol sequence; m a power of 2."""
    sampler = qmc.Sobol(2 * max(1, len(study.parameters)), rng=np.random.default_rng(seed))
    return np.asarray(sampler.random(m))


def drawn_settings(study: Study, numbers: Array, held: Mapping[str, Held]) -> Settings:
    """Draws from the space as random search makes them, with some parameters held.

    The same `numbers` (m, 2 p) give every parameter the same draw whatever is held, so that two sets of
    draws differ by what is held alone, and by what that makes active or inactive.
    """
    found: Settings = {}
    for k, parameter in enumerate(study.parameters):
        active = np.ones(len(numbers), dtype=bool)
        for condition in parameter.conditions:
            active &= _holds(study, condition, found, len(numbers))
        found[parameter.path] = _drawn(
            parameter, numbers[:, 2 * k], numbers[:, 2 * k + 1], active, held.get(parameter.path)
        )
    return found


def _drawn(parameter: Parameter, first: Array, second: Array, active: Array, held: Held | None) -> Column:
    on = active & (first >= 0.5) if parameter.has_switch else active
    if held is not None:
        on = active & (not held.off)
    if isinstance(parameter.domain, Choice):
        options = tuple(range(len(parameter.domain.options)))
        if held is not None and held.options:
            options = held.options
        place = np.asarray(options)[np.minimum((second * len(options)).astype(int), len(options) - 1)]
    else:
        low, high = (0.0, 1.0) if held is None else (held.low, held.high)
        place = low + (high - low) * second
    return Column(np.where(on, place, 0.0), on, active)


def _holds(study: Study, condition: Condition, found: Settings, m: int) -> Array:
    parameter = _parameter(study, condition.path)
    if parameter is None:
        return _constant_holds(study, condition, found, m)
    column = found[parameter.path]
    allowed = [at for value in condition.allowed if (at := place_of(parameter, value)) is not None]
    met = column.on & (np.abs(column.place[:, None] - np.asarray(allowed)[None, :]) < _STEPS).any(axis=1)
    if parameter.or_value is not None and condition.holds({parameter.path: parameter.or_value}):
        met |= column.active & ~column.on
    return np.asarray(met)


def _constant_holds(study: Study, condition: Condition, found: Settings, m: int) -> Array:
    holds = np.full(m, condition.holds(study.constants))
    above = study.constant_conditions.get(condition.path)
    return holds if above is None else holds & _holds(study, above, found, m)


def _parameter(study: Study, path: str) -> Parameter | None:
    return next((parameter for parameter in study.parameters if parameter.path == path), None)


def held_active(study: Study, parameter: Parameter) -> dict[str, Held]:
    """What must be held for a parameter to be drawn in every draw: all that its conditions refer to.

    Conditions on one parameter hold together; a constant that only some kinds have asks for those.
    """
    allowed: dict[str, list[Scalar]] = {}
    held: dict[str, Held] = {}
    for condition in parameter.conditions:
        asked = study.constant_conditions.get(condition.path, condition)
        above = _parameter(study, asked.path)
        if above is None:
            continue
        known = allowed.get(above.path, list(asked.allowed))
        allowed[above.path] = [value for value in known if any(same(value, other) for other in asked.allowed)]
        held |= held_active(study, above)
        held[above.path] = _held_at(above, allowed[above.path])
    return held


def _held_at(parameter: Parameter, allowed: Sequence[Scalar]) -> Held:
    places = [at for value in allowed if (at := place_of(parameter, value)) is not None]
    if not places:
        return Held(off=True)
    if isinstance(parameter.domain, Choice):
        return Held(options=tuple(int(at) for at in places))
    return Held(low=places[0], high=places[0])
