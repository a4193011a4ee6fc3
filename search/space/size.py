"""How large a space is, and how much training a budget of trials comes to."""

from __future__ import annotations

from dataclasses import dataclass

from search.study.domains import Choice, Domain, FloatRange, Parameter, Scalar, same
from search.study.sections import Scheduler
from search.study.study import Study

MAX_STATES = 20_000
# Stands for "some value that no condition asks for".
_OTHER = "\x00other"


def is_continuous(parameter: Parameter) -> bool:
    """Whether it has more values than can be counted."""
    return isinstance(parameter.domain, FloatRange)


def n_values(domain: Domain) -> int:
    """Distinct values of a domain; a continuous one counts once."""
    if isinstance(domain, Choice):
        return len(domain.options)
    return 1 if isinstance(domain, FloatRange) else domain.high - domain.low + 1


def n_combinations(study: Study) -> int | None:
    """Distinct draws, every continuous range counted as one value; None if conditions are too entangled.

    Draws are followed in the study's order, and those merged that agree in all that conditions ask for.
    """
    asked: dict[str, list[Scalar]] = {}
    for condition in (c for parameter in study.parameters for c in parameter.conditions):
        asked.setdefault(condition.path, []).extend(condition.allowed)
    gates = {c.path for c in study.constant_conditions.values()}
    states: dict[tuple[tuple[str, Scalar], ...], int] = {(): 1}
    for parameter in study.parameters:
        grown: dict[tuple[tuple[str, Scalar], ...], int] = {}
        for state, count in states.items():
            branches = [(state, 1)]
            if study.is_active(parameter, dict(state)):
                kept = parameter.path in asked or parameter.path in gates
                values = _values(parameter, asked.get(parameter.path, []), kept)
                branches = [
                    (((*state, (parameter.path, value)) if kept else state), weight)
                    for value, weight in values
                ]
            for branch, weight in branches:
                grown[branch] = grown.get(branch, 0) + count * weight
        states = grown
        if len(states) > MAX_STATES:
            return None
    return sum(states.values())


def _values(parameter: Parameter, asked: list[Scalar], kept: bool) -> list[tuple[Scalar, int]]:
    """The values that conditions tell apart, each with how many it stands for."""
    total = n_values(parameter.domain) + parameter.has_switch
    if not kept:
        return [(_OTHER, total)]
    if isinstance(parameter.domain, Choice):
        values: list[Scalar] = list(parameter.domain.options)
        if parameter.or_value is not None:
            values.append(parameter.or_value)
        return [(value, 1) for value in values]
    distinct: list[Scalar] = []
    for value in asked:
        if not any(same(value, other) for other in distinct):
            distinct.append(value)
    rest = total - len(distinct)
    return [(value, 1) for value in distinct] + ([(_OTHER, rest)] if rest > 0 else [])


@dataclass(frozen=True)
class Work:
    """Training a study comes to, in trainings of one full trial that is not stopped and has no rungs."""

    classifier: float
    sae: float


def shares(scheduler: Scheduler) -> tuple[float, ...]:
    """Share of the whole training at each rung, the last 1."""
    return tuple(
        float(scheduler.reduction_factor) ** -(scheduler.rungs - rung)
        for rung in range(1, scheduler.rungs + 1)
    )


def work(study: Study, survivors: float) -> Work:
    """Full trainings, if a share `survivors` of the trials goes on from each rung; 1 stops none.

    With s_r the share at rung r and p_r = survivors^(r-1) the trials that reach it, the classifier,
    which continues from rung to rung, costs sum p_r (s_r - s_(r-1)), and basis and SAE, which are fitted
    afresh at each rung, cost sum p_r s_r, both per trial.
    """
    classifier = sae = before = 0.0
    for rung, share in enumerate(shares(study.scheduler)):
        reaching = survivors**rung
        classifier += reaching * (share - before)
        sae += reaching * share
        before = share
    return Work(study.budget.trials * classifier, study.budget.trials * sae)


def expected_work(study: Study) -> Work:
    """The work if exactly one in `reduction_factor` survives each rung."""
    return work(study, 1 / study.scheduler.reduction_factor)
