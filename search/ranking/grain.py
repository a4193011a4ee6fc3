"""The smallest step of a metric: differences of few pairs that agree to the last image are no certainty.

Two pairs whose differences are equal have no spread, and Student's t calls any difference clear, with p = 0.
But an accuracy on n images is a multiple of 1/n, and rounding two values to multiples of a grain g gives
their difference a standard deviation of g / sqrt(6) by itself. So much spread every difference has.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

ROUNDING = 1e-9


def smallest_step(values: Iterable[float]) -> float:
    """The least distance of two different values; 0 where all are equal.

    It is next to nothing for a metric without steps, and the values' own distance where two are known.
    """
    ordered = sorted(set(values))
    return min((b - a for a, b in pairwise(ordered) if b - a > ROUNDING * max(abs(a), abs(b))), default=0.0)


def least_variance(grain: float) -> float:
    """Of a difference of two values that are both rounded to multiples of the grain: g^2 / 6."""
    return grain**2 / 6
