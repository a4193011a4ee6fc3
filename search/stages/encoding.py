"""A draw as a row of numbers for a forest: ranges by their quantile, choices one column an option."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from search.study.domains import Choice, FloatRange, IntRange, Scalar, same
from search.study.study import Study

ABSENT = -1.0
"""Of a parameter that is not drawn."""
Rows = np.ndarray[Any, np.dtype[np.float64]]


class Encoding:
    """The columns of one study."""

    def __init__(self, study: Study) -> None:
        self._study = study

    def rows(self, draws: Sequence[Mapping[str, Scalar]]) -> Rows:
        """A matrix (draws, columns), a row for each draw."""
        return np.array([self._row(draw) for draw in draws], dtype=np.float64)

    def _row(self, draw: Mapping[str, Scalar]) -> list[float]:
        row: list[float] = []
        for parameter in self._study.parameters:
            if parameter.has_switch:
                row.append(float(draw.get(parameter.switch_path, ABSENT)))
            value, domain = draw.get(parameter.path), parameter.domain
            if isinstance(domain, Choice):
                row += [ABSENT if value is None else float(same(option, value)) for option in domain.options]
            else:
                row.append(ABSENT if value is None else _quantile(domain, float(value)))
        return row


def _quantile(domain: FloatRange | IntRange, value: float) -> float:
    low, high = float(domain.low), float(domain.high)
    if domain.log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)
