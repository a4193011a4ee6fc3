"""Which trials keep the constraints, and which of them no other beats in every objective."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from search.ledger.history import TrialRecord
from search.ranking.fronts import dominates
from search.study.study import Study


def feasible(study: Study, metrics: Mapping[str, float]) -> bool:
    """Whether every constraint holds; a constrained metric that is absent does not."""
    return all(
        constraint.metric in metrics and constraint.violation(metrics[constraint.metric]) == 0
        for constraint in study.constraints
    )


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
    signs = [1.0 if objective.mode == "min" else -1.0 for objective in study.objectives]
    candidates = [
        (tuple(sign * value for sign, value in zip(signs, trial.values, strict=True)), trial)
        for trial in trials
        if trial.state == "COMPLETE" and trial.values is not None and feasible(study, trial.metrics)
    ]
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
