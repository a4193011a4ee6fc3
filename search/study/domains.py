"""Scalar, Choice, FloatRange, IntRange, Domain, same, Condition, Parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search.study.priors import Prior


Scalar = str | int | float | bool


@dataclass(frozen=True)
class Choice:
    """One of `options`, each as likely."""

    options: tuple[Scalar, ...]


@dataclass(frozen=True)
class FloatRange:
    """Even between low and high, or even in log space; both ends belong to it."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class IntRange:
    """An integer between low and high, both included; even, or even in log space."""

    low: int
    high: int
    log: bool = False


Domain = Choice | FloatRange | IntRange


def same(a: Scalar, b: Scalar) -> bool:
    """Equality in which 1 is 1.0 but never True."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b


@dataclass(frozen=True)
class Condition:
    """The parameter or constant at `path` must be active with one of the `allowed` values."""

    path: str
    allowed: tuple[Scalar, ...]

    def holds(self, values: Mapping[str, Scalar]) -> bool:
        """Whether it does for the values of a draw, as `Study.values` gives them; absent is inactive."""
        return self.path in values and any(same(values[self.path], value) for value in self.allowed)


@dataclass(frozen=True)
class Parameter:
    """One searched value of the trial."""

    path: str
    domain: Domain
    conditions: tuple[Condition, ...] = ()
    has_switch: bool = False
    or_value: Scalar | None = None
    default: Scalar = 0
    """Its value in the first trial; where it equals `or_value`, the first trial switches it off."""
    prior: Prior | None = None
    """Where its value is thought to lie."""

    @property
    def switch_path(self) -> str:
        """Name of the boolean that decides between the domain and `or_value`."""
        return f"{self.path}?"
