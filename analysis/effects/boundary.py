"""Do the best trials press against an end of a range? Then the best may lie beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.effects.effect import HasTrials
from analysis.effects.settings import place_of
from search.formatting import count, number, trial_list
from search.ledger.history import TrialRecord
from search.ranking.pareto import pareto_front
from search.study.domains import Choice, Parameter, Scalar

End = Literal["low", "high"]
NEAR = 0.02
"""How near to an end, as a share of the range on its own scale."""


@dataclass(frozen=True)
class BoundaryWarning:
    """A range at whose end some of the best trials lie."""

    path: str
    end: End
    bound: float
    values: tuple[float, ...]
    """What the trials at the end have."""
    trials: tuple[int, ...]
    """Their numbers, in the order of the front."""
    n_best: int
    """How many of the best trials draw this parameter at all."""
    includes_best: bool
    """Whether the first of the ranking is among them."""

    @property
    def share(self) -> float:
        """Share of the best trials that lie there, of those that draw it."""
        return len(self.trials) / self.n_best

    @property
    def sentence(self) -> str:
        """What a reader is told."""
        lie = "lies" if len(self.trials) == 1 else "lie"
        return (
            f"{self.path}: {len(self.trials)} of the {count(self.n_best, 'best trial')} that draw it {lie} "
            f"at the {self.end} end of its range, {number(self.bound)} ({trial_list(self.trials)}); the best "
            "may lie beyond it."
        )


def boundary_warnings(run: HasTrials) -> tuple[BoundaryWarning, ...]:
    """Ranges in which a trial of the front lies within 2 % of an end, the largest share of the front first.

    One trial of many may lie there by chance: 4 % of all draws do. Distances are on the range's own scale,
    logarithmic or not. Choices have no ends; a range of a few integers counts only where an end is hit.
    """
    if run.study is None:
        return ()
    front = pareto_front(run.study, run.history.in_state("COMPLETE"))
    found = []
    for parameter in run.study.parameters:
        if isinstance(parameter.domain, Choice) or parameter.domain.low == parameter.domain.high:
            continue
        drawing = [trial for trial in front if parameter.path in trial.params]
        ends: tuple[End, End] = ("low", "high")
        found += [warning for end in ends if (warning := _at_end(parameter, end, front, drawing))]
    return tuple(sorted(found, key=lambda warning: -warning.share))


def _at_end(
    parameter: Parameter, end: End, front: list[TrialRecord], drawing: list[TrialRecord]
) -> BoundaryWarning | None:
    assert not isinstance(parameter.domain, Choice)
    there = [trial for trial in drawing if _is_at(parameter, end, trial.params[parameter.path])]
    if not there:
        return None
    return BoundaryWarning(
        path=parameter.path,
        end=end,
        bound=float(parameter.domain.low if end == "low" else parameter.domain.high),
        values=tuple(float(trial.params[parameter.path]) for trial in there),
        trials=tuple(trial.number for trial in there),
        n_best=len(drawing),
        includes_best=there[0] is front[0],
    )


def _is_at(parameter: Parameter, end: End, value: Scalar) -> bool:
    place = place_of(parameter, value)
    if place is None:
        return False
    return place <= NEAR if end == "low" else place >= 1 - NEAR
