"""From values to places on an axis: a share of its length between 0 and 1, and round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

Value = str | int | float | bool
PADDING = 0.05
"""Share of the values' span left free at both ends."""


class Scale(Protocol):
    """What an axis needs of any scale."""

    def share(self, value: Value) -> float | None:
        """Where `value` lies: 0 at the low end, 1 at the high one; None for what has no place."""

    def ticks(self) -> list[tuple[float, str]]:
        """(share, label) of each tick, from low to high."""


@dataclass(frozen=True)
class Numeric:
    """Even between `low` and `high`, or even in their logarithms."""

    low: float
    high: float
    log: bool = False

    def share(self, value: Value) -> float | None:
        """None for text, NaN, infinities, and on a log scale for what is not positive."""
        if isinstance(value, str) or not math.isfinite(value) or (self.log and value <= 0):
            return None
        if self.low == self.high:
            return 0.5
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """A handful of round values."""
        values = log_ticks(self.low, self.high) if self.log else linear_ticks(self.low, self.high)
        step = min((b - a for a, b in pairwise(values)), default=None)
        places = [(self.share(value), tick_label(value, None if self.log else step)) for value in values]
        return [(share, label) for share, label in places if share is not None]


@dataclass(frozen=True)
class Bands:
    """A few names, each in the middle of an equal part."""

    names: tuple[Value, ...]

    def share(self, value: Value) -> float | None:
        """The middle of the name's band; True is not 1."""
        for place, name in enumerate(self.names):
            if isinstance(name, bool) == isinstance(value, bool) and name == value:
                return (place + 0.5) / len(self.names)
        return None

    def ticks(self) -> list[tuple[float, str]]:
        """Each name has one tick, in the middle of its place."""
        return [((place + 0.5) / len(self.names), plain(name)) for place, name in enumerate(self.names)]


@dataclass(frozen=True)
class Steps:
    """Stages counted from 1, the first at the low end and the last at the high one."""

    names: tuple[str, ...]

    def share(self, value: Value) -> float | None:
        """None for what is no stage."""
        if isinstance(value, str) or not 1 <= value <= len(self.names):
            return None
        return (value - 1) / (len(self.names) - 1) if len(self.names) > 1 else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """Each stage has one tick, from 0 for the first to 1 for the last."""
        last = max(1, len(self.names) - 1)
        return [(place / last, name) for place, name in enumerate(self.names)]


@dataclass(frozen=True)
class Switched:
    """A numeric scale that begins with a place of its own for the value that means `off`."""

    off: Value
    numeric: Numeric
    gap: float = 0.16

    def share(self, value: Value) -> float | None:
        """`off` lies at a third of the gap, everything else behind it."""
        if value == self.off:
            return self.gap / 3
        share = self.numeric.share(value)
        return None if share is None else self.gap + (1 - self.gap) * share

    def ticks(self) -> list[tuple[float, str]]:
        """`off`, then the numeric ones, less those that would stand in its label."""
        behind = [(self.gap + (1 - self.gap) * share, label) for share, label in self.numeric.ticks()]
        return [(self.gap / 3, "off"), *(tick for tick in behind if tick[0] > self.gap + 0.02)]


def fitted(values: Iterable[float]) -> Numeric:
    """A linear scale around all finite values, with some air; 0 to 1 around none."""
    found = [value for value in values if math.isfinite(value)]
    if not found:
        return Numeric(0.0, 1.0)
    low, high = min(found), max(found)
    air = (high - low) * PADDING if high > low else 0.05 * abs(high) or 0.5
    return Numeric(low - air, high + air)


def linear_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten inside [low, high], as many as fit below `most`."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    exponent = math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 5, 10, 20, 50):
        step = factor * 10.0**exponent
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            # Divided, not multiplied, where the step is a fraction: 3 * 0.1 is not 0.3.
            shrink = 10.0**-exponent
            return [n * factor / shrink if exponent < 0 else n * step for n in range(first, last + 1)]
    return []


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten in [low, high], and between them as many round values as fit below `most`."""
    if not 0 < low < high:
        return [low]
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        values = [f * 10.0**e for e in range(first, last + 1) for f in factors]
        inside = [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(inside) <= most:
            return inside or [low, high]
    return inside[:: math.ceil(len(inside) / most)]


def tick_label(value: float, step: float | None = None) -> str:
    """As many decimals as the step needs, thousands without: 0.85, 0.9 -> `0.85`, `0.90`."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e5 or size < 1e-4:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    if step is None:
        return f"{value:.4g}"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{value:.{min(decimals, 6)}f}"


def plain(value: Value) -> str:
    """A category's name as an axis says it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def thinned(items: Sequence[int], most: int) -> list[int]:
    """At most `most` of the items, evenly spread over the sequence, its ends among them."""
    if len(items) <= most:
        return list(items)
    if most < 2:
        return list(items[:most])
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]
