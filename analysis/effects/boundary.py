"""Do the best trials press against an end of a range? Then the best may lie beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.effects.effect import HasTrials


@dataclass(frozen=True)
class BoundaryWarning:
    """A range at whose end some of the best trials lie."""

    path: str
    end: Literal["low", "high"]
    bound: float
    values: tuple[float, ...]
    """What the trials have."""
    trials: tuple[int, ...]
    n_best: int
    """How many of the best trials draw this parameter at all."""
    includes_best: bool
    """Whether the first of the ranking is among them."""


def boundary_warnings(run: HasTrials) -> tuple[BoundaryWarning, ...]:
    """Ranges in which a trial of the front lies within 2 % of an end, on the range's own scale."""
    return ()
