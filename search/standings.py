"""Who leads, who broke a constraint, who failed and why: the figures behind every summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from search.history import History, TrialRecord, feasible, pareto_fronts
from search.study import Constraint, Scalar, Study
from trainables.metric_table import METRICS


@dataclass(frozen=True)
class Standings:
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


def standings(study: Study, history: History, limit: int = 10) -> Standings:
    """Rank the feasible COMPLETE trials: front after front, inside a front by the first objective."""
    complete = history.in_state("COMPLETE")
    good = [trial for trial in complete if trial.values is not None and feasible(study, trial.metrics)]
    known = {trial.number for trial in good}
    fronts = pareto_fronts(study, good)
    return Standings(
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


def chance_level(metric: str, metrics: Mapping[str, float]) -> float | None:
    """What chance scores in `metric`, measured on the same data; None if it has no null or lacks it here."""
    if f"{metric}_null" in METRICS:
        return metrics.get(f"{metric}_null")
    return None


def limits(constraint: Constraint) -> str:
    """`<= 0.1`, as a heading says it."""
    ends = ((">=", constraint.min), ("<=", constraint.max))
    return " and ".join(f"{sign} {number(end)}" for sign, end in ends if end is not None)


def number(value: Scalar | None) -> str:
    """A value in a table: four significant digits, no exponent where it can be helped, `-` for none."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value).lower() if isinstance(value, bool) else one_line(str(value), 40)


def score(value: float | None) -> str:
    """A metric in a column: three decimals where that says enough, so that figures stand in line."""
    if value is None or not (value == 0 or 0.001 <= abs(value) < 100):
        return number(value)
    return f"{value:.3f}"


def one_line(text: str, width: int = 200) -> str:
    """The first line of `text` without control characters: reasons and names may carry escape codes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    shown = "".join(character for character in first.strip() if character.isprintable())
    return shown if len(shown) <= width else f"{shown[: width - 3]}..."


def trial_list(numbers: Iterable[int], limit: int = 8) -> str:
    """`0003, 0017 and 4 more`."""
    ids = [f"{n:04d}" for n in numbers]
    more = len(ids) - limit
    return ", ".join(ids) if more <= 0 else f"{', '.join(ids[:limit])} and {more} more"


def count(amount: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
