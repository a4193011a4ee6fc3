"""What a search can be asked: every choice against its default, every switch, the ends of every range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.effects.controls import CONTROL_SETTINGS
from analysis.effects.settings import Array, Held, Settings, held_active, place_of, value_at
from search.formatting import number
from search.study.domains import Choice, Parameter
from search.study.study import Study

THIRD = 1 / 3
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Contrast:
    """Two ways to hold one parameter, all else drawn alike."""

    parameter: Parameter
    setting: str
    control: str
    with_it: Held
    without: Held
    is_control: bool = False
    """The setting itself is one by chance."""
    is_second: bool = False
    """A setting that was held against its default is held against a control by chance too."""

    def sides(self, trials: Settings) -> tuple[Array, Array]:
        """Masks (n,) of the trials that have the setting, and of those that have its control."""
        return self._having(trials, self.with_it), self._having(trials, self.without)

    def _having(self, trials: Settings, held: Held) -> Array:
        column = trials[self.parameter.path]
        if held.off:
            return np.asarray(column.active & ~column.on)
        if held.options is not None:
            return np.asarray(column.on & np.isin(column.place, held.options))
        return np.asarray(
            column.on & (column.place >= held.low - _ROUNDING) & (column.place <= held.high + _ROUNDING)
        )

    def held(self, study: Study) -> tuple[dict[str, Held], dict[str, Held]]:
        """What draws of either side hold: the parameter, and whatever must be so for it to be active."""
        above = held_active(study, self.parameter)
        path = self.parameter.path
        return {**above, path: self.with_it}, {**above, path: self.without}


def contrasts(study: Study) -> list[Contrast]:
    """All questions to a search, in the order of its parameters."""
    found: list[Contrast] = []
    for parameter in study.parameters:
        if parameter.has_switch:
            found.append(_switch(parameter))
        if isinstance(parameter.domain, Choice):
            found += _options(parameter, parameter.domain)
        elif parameter.domain.high > parameter.domain.low:
            found.append(_ends(parameter))
    return found


def _switch(parameter: Parameter) -> Contrast:
    domain = parameter.domain
    if isinstance(domain, Choice):
        drawn = ", ".join(number(option) for option in domain.options)
    else:
        drawn = f"{number(domain.low)} to {number(domain.high)}"
    off = "off" if parameter.or_value in (0, None) else f"off ({number(parameter.or_value)})"
    return Contrast(parameter, f"on ({drawn})", off, Held(), Held(off=True))


def _options(parameter: Parameter, domain: Choice) -> Iterator[Contrast]:
    """Every option against the default; then, where a control is among them, against that too."""
    options = range(len(domain.options))
    default = int(place_of(parameter, parameter.default) or 0)
    control = CONTROL_SETTINGS.get(parameter.path)
    chance = next((k for k in options if control is not None and domain.options[k] == control), None)
    against = [default] if chance in (None, default) else [default, chance]
    for k in options:
        for other in against:
            if other is not None and k not in (default, other):
                yield Contrast(
                    parameter,
                    number(domain.options[k]),
                    number(domain.options[other]),
                    Held(options=(k,)),
                    Held(options=(other,)),
                    is_control=k == chance,
                    is_second=other != default,
                )


def _ends(parameter: Parameter) -> Contrast:
    ends = ((1 - THIRD, 1.0), (0.0, THIRD))
    high, low = ((number(value_at(parameter, a)), number(value_at(parameter, b))) for a, b in ends)
    return Contrast(
        parameter,
        _stretch(*high),
        _stretch(*low),
        Held(low=1 - THIRD, high=1.0),
        Held(low=0.0, high=THIRD),
    )


def _stretch(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
