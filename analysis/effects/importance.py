"""How much of an objective's variation each parameter accounts for, by two methods of Optuna's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.effects.effect import HasTrials


@dataclass(frozen=True)
class ParameterImportance:
    """One parameter's share. `share` is of all parameters that the method could score, summing to 1."""

    path: str
    """A path ending in `?` is the switch of a parameter that may be off."""
    share: float


@dataclass(frozen=True)
class Importances:
    """What one method says of one objective: parameters, the most important first; or the reason of none."""

    objective: str
    method: Literal["fANOVA", "PED-ANOVA"]
    shares: tuple[ParameterImportance, ...]
    n_trials: int
    left_out: tuple[str, ...] = ()
    """Parameters that the method cannot score: those not drawn in every trial, for fANOVA."""
    reason: str | None = None
    """Why there are no shares, a sentence; None if there are."""


def importances(run: HasTrials, *, seed: int = 0) -> tuple[Importances, ...]:
    """Both methods for every objective, from fully trained trials alone."""
    return ()
