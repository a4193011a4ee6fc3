"""Which trials keep the constraints, and which of them no other beats in every objective."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from search.ledger.history import TrialRecord
from search.ranking.fronts import Losses, dominates
from search.study.study import Study


def feasible(study: Study, metrics: Mapping[str, float]) -> bool:
    """Whether every constraint holds; a constrained metric that is absent does not."""
    return all(
        constraint.metric in metrics and constraint.violation(metrics[constraint.metric]) == 0
        for constraint in study.constraints
    )


def signs(study: Study) -> list[float]:
    """What makes a loss, of which less is better, of each objective's value: 1 or -1."""
    return [1.0 if objective.mode == "min" else -1.0 for objective in study.objectives]


def losses_of(study: Study, trial: TrialRecord) -> Losses | None:
    """A trial's losses; None if it was not trained in full or breaks a constraint."""
    if trial.state != "COMPLETE" or trial.values is None or not feasible(study, trial.metrics):
        return None
    return tuple(sign * value for sign, value in zip(signs(study), trial.values, strict=True))


def pareto_front(study: Study, trials: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Feasible COMPLETE trials that no other such trial beats in every objective, best first objective first.

    With one objective this is the best trial (and its equals). Trials stopped early never enter: their
    values were measured on a smaller budget.
    """
    return next(iter(pareto_fronts(study, trials)), [])


def pareto_fronts(study: Study, trials: Iterable[TrialRecord]) -> list[list[TrialRecord]]:
    """The Pareto front, then that of the rest, and so on until every feasible COMPLETE trial has its place.

    In lexicographic order whatever beats a trial stands before it, so its front is the first one of which no
    member beats it, and one pass finds all (efficient non-dominated sort, Zhang et al. 2015).
    """
    candidates = [(losses, trial) for trial in trials if (losses := losses_of(study, trial)) is not None]
    fronts: list[list[tuple[tuple[float, ...], TrialRecord]]] = []
    for losses, trial in sorted(candidates, key=lambda pair: (pair[0], pair[1].number)):
        for front in fronts:
            # The newest members are the nearest, and beat most often.
            if not any(dominates(other, losses) for other, _ in reversed(front)):
                front.append((losses, trial))
                break
        else:
            fronts.append([(losses, trial)])
    return [[trial for _, trial in front] for front in fronts]
