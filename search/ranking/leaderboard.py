"""Who leads, who broke a constraint, who failed and why: the figures behind every summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.formatting import one_line
from search.ledger.history import History, TrialRecord
from search.ranking.pareto import feasible, pareto_fronts
from search.study.domains import Scalar
from search.study.study import Study
from trainables.metrics.catalog import null_of

ALWAYS_SHOWN = ("latents/readable", "sae/l0", "sae/fvu", "sae/dense_fraction")


@dataclass(frozen=True)
class Leaderboard:
    """Trials of one history, sorted by what became of them."""

    front: list[TrialRecord]
    """Feasible and COMPLETE, beaten by none in every objective; with one objective, the best."""
    ranked: list[TrialRecord]
    """Feasible and COMPLETE, best first, the front at the head; at most as many as were asked for."""
    feasible_count: int
    infeasible: list[TrialRecord]
    """COMPLETE, but outside a constraint."""
    failures: list[tuple[str, list[int]]]
    """As `failures` has them."""


def leaderboard(study: Study, history: History, limit: int = 10) -> Leaderboard:
    """Rank the feasible COMPLETE trials: front after front, inside a front by the first objective."""
    complete = history.in_state("COMPLETE")
    good = [trial for trial in complete if trial.values is not None and feasible(study, trial.metrics)]
    known = {trial.number for trial in good}
    fronts = pareto_fronts(study, good)
    return Leaderboard(
        front=fronts[0] if fronts else [],
        ranked=[trial for front in fronts for trial in front][:limit],
        feasible_count=len(good),
        infeasible=[trial for trial in complete if trial.number not in known],
        failures=failures(history),
    )


def failures(history: History) -> list[tuple[str, list[int]]]:
    """First line of the reason -> trials that failed for it, the most frequent first."""
    groups: dict[str, list[int]] = {}
    for trial in history.in_state("FAIL"):
        groups.setdefault(one_line(trial.reason or "no reason recorded"), []).append(trial.number)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[1][0]))


def differing_values(study: Study, trials: Sequence[TrialRecord]) -> dict[str, list[Scalar | None]]:
    """Parameter path -> its value in each trial, for those not the same in all; None where inactive."""
    values = [study.values(trial.params) for trial in trials]
    columns = {
        parameter.path: [value.get(parameter.path) for value in values] for parameter in study.parameters
    }
    return {path: column for path, column in columns.items() if any(v != column[0] for v in column)}


def shared_values(study: Study, trials: Sequence[TrialRecord]) -> dict[str, Scalar]:
    """Searched parameters that have one and the same value in all of several trials."""
    if len(trials) < 2:
        return {}
    values = [study.values(trial.params) for trial in trials]
    first = {p.path: values[0][p.path] for p in study.parameters if p.path in values[0]}
    return {path: v for path, v in first.items() if all(other.get(path) == v for other in values)}


def key_metrics(study: Study) -> list[str]:
    """Metrics of the objectives, then of the constraints, each once."""
    wished = [objective.metric for objective in study.objectives]
    return list(dict.fromkeys([*wished, *(constraint.metric for constraint in study.constraints)]))


def shown_metrics(study: Study, trials: Sequence[TrialRecord]) -> list[str]:
    """`key_metrics`, then what says how sparse and faithful the codes are, where any of the trials has it."""
    there = [name for name in ALWAYS_SHOWN if any(name in trial.metrics for trial in trials)]
    return list(dict.fromkeys([*key_metrics(study), *there]))


def chance_level(metric: str, metrics: Mapping[str, float]) -> float | None:
    """What chance scores in `metric`, measured on the same data; None if it has no null or lacks it here."""
    null = null_of(metric)
    return None if null is None else metrics.get(null)
