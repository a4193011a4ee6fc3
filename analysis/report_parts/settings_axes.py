"""The axis of a searched setting: its whole domain, so that an empty end is seen."""

from __future__ import annotations

from analysis.charts.axes import Axis
from analysis.charts.scale import Bands, Numeric, Scale, Switched
from search.study.domains import Choice, Parameter

MOST_NAMES = 12


def setting_axis(parameter: Parameter) -> Axis:
    """Names for a choice, numbers for a range, with a place for `off` where there is a switch."""
    return Axis(parameter.path, _scale(parameter))


def _scale(parameter: Parameter) -> Scale:
    domain, off = parameter.domain, parameter.or_value
    if isinstance(domain, Choice):
        return Bands(domain.options if off is None else (off, *domain.options))
    numeric = Numeric(float(domain.low), float(domain.high), domain.log)
    return numeric if off is None else Switched(off, numeric)


def drawable(parameter: Parameter) -> bool:
    """Whether its names, if it has any, fit along an axis."""
    return not isinstance(parameter.domain, Choice) or len(parameter.domain.options) <= MOST_NAMES
