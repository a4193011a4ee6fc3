"""What a run would do, told before anything is spent: `--dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from search.cli.memory import Sizes, first_trial, gigabytes, largest_trial
from search.errors import ClusterError
from search.execution.resources import grant, places
from search.scheduling.brackets import bracket_shares
from search.space.size import expected_work, is_continuous, n_combinations, shares, work
from search.space.writer import domain_text
from search.study.domains import Condition, Parameter, Scalar, same
from search.study.sections import Budget, Constraint, Scheduler
from search.study.study import Study
from trainables.metrics.catalog import METRICS


def describe(
    study: Study,
    resources: Mapping[str, float] | None = None,
    seconds_per_full_trial: float | None = None,
    sizes: Sizes | None = None,
) -> RenderableType:
    """The resolved space, its size, rungs and cost as something rich can print.

    `resources` is what the machine has, as {"CPU": 8, "GPU": 1}. Time is told only from
    `seconds_per_full_trial`, which must have been measured; without it the cost is in full trainings.
    Memory is told from the `sizes` of the images.
    """
    searched = _parameters(study) if study.is_search else _rows(study)
    parts: list[RenderableType] = [_facts(study), searched, _fixed(study)]
    size = Table.grid(padding=(0, 2))
    extent = [
        ("space", _size(study)),
        ("conditional", ", ".join(p.path for p in study.parameters if p.conditions) or "nothing"),
        ("first trial", "every value at its default"),
    ]
    if not study.is_search:
        extent = [(study.proposal.section, study.proposal.said())]
    for name, text in (*extent, *_cost(study, resources, seconds_per_full_trial, sizes)):
        size.add_row(Text(name, style="bold"), Text(text))
    return Group(*(part for part in (*parts, size)))


def _facts(study: Study) -> Table:
    table = Table.grid(padding=(0, 2))
    data = ", ".join(f"{key} {value}" for key, value in study.data.given().items() if key != "name")
    rows = [("name", study.name), ("question", study.question), ("data", f"{study.data.name} {data}".strip())]
    for objective in study.objectives:
        rows.append(
            ("objective", f"{objective.mode} {objective.metric}: {METRICS[objective.metric].description}")
        )
    for constraint in study.constraints:
        rows.append(("constraint", f"{_limits(constraint)}: {METRICS[constraint.metric].description}"))
    for name, text in rows:
        table.add_row(Text(name, style="bold"), Text(text))
    return table


def _limits(constraint: Constraint) -> str:
    low = "" if constraint.min is None else f"{constraint.min:g} <= "
    high = "" if constraint.max is None else f" <= {constraint.max:g}"
    return f"{low}{constraint.metric}{high}"


def _parameters(study: Study) -> RenderableType:
    if not study.parameters:
        return Text("Nothing is searched: every value of the trial is fixed.")
    table = Table(Column("searched", no_wrap=True), *_folding("domain", "drawn when", "first trial"))
    for parameter in study.parameters:
        when = " and ".join(_condition(condition) for condition in parameter.conditions) or "always"
        first = _shown(parameter.default)
        if parameter.or_value is not None and same(parameter.default, parameter.or_value):
            first += " (off)"
        table.add_row(Text(parameter.path), Text(domain_text(parameter)), Text(when), Text(first))
    return table


def _rows(study: Study) -> RenderableType:
    table = Table(Column("direction", no_wrap=True), *_folding("sets"))
    for name, settings in study.rows.items():
        changes = ", ".join(f"{path} {_shown(value)}" for path, value in settings.items())
        table.add_row(Text(name), Text(changes or "nothing: what the others are compared with"))
    return table


def _folding(*headers: str) -> list[Column]:
    """Columns whose text goes on in the next line: nothing that `--set` needs is cut."""
    return [Column(header, overflow="fold") for header in headers]


def _condition(condition: Condition) -> str:
    return f"{condition.path} is {' or '.join(_shown(value) for value in condition.allowed)}"


def _shown(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _fixed(study: Study) -> RenderableType:
    parts = []
    for path, value in study.constants.items():
        condition = study.constant_conditions.get(path)
        parts.append(f"{path} {_shown(value)}" + (f" (where {_condition(condition)})" if condition else ""))
    return Text(f"fixed: {', '.join(parts)}; all else at its default")


def _size(study: Study) -> str:
    count = n_combinations(study)
    discrete = "conditions too entangled to count" if count is None else f"{count:,} combinations"
    continuous = [parameter for parameter in study.parameters if is_continuous(parameter)]
    if not continuous:
        return discrete
    of_all = f"{len(continuous)} of {_plural(study.parameters)}"
    return f"continuous: {of_all} range over real numbers, beside {discrete} of the others"


def _plural(parameters: tuple[Parameter, ...]) -> str:
    return f"{len(parameters)} parameter{'' if len(parameters) == 1 else 's'}"


def _cost(
    study: Study, resources: Mapping[str, float] | None, seconds: float | None, sizes: Sizes | None
) -> list[tuple[str, str]]:
    budget, scheduler = study.budget, study.scheduler
    rungs = ", ".join(str(Fraction(share).limit_denominator(10_000)) for share in shares(scheduler))
    rows = [
        ("budget", f"{budget.trials} trials, seed {budget.seed}, at most {budget.max_failures} failures, "
                   f"{budget.trial_timeout_s:g} s a trial{_limits_of(budget)}"),
        *([(study.proposal.section, study.proposal.said())] if study.is_search else []),
    ]  # fmt: skip
    most, expected = work(study, 1.0), expected_work(study)
    if scheduler.rungs == 1:
        rows.append(("rungs", "one: every trial is trained in full"))
        rows.append(("compute", f"{most.classifier:.0f} full trainings"))
    else:
        survivors = _survivors(scheduler)
        rows.append(("rungs", f"measured at {rungs} of the training; {survivors}"))
        text = (
            f"about {expected.classifier:.1f} full trainings of the classifier and {expected.sae:.1f} of "
            "basis and SAE, which start afresh at every rung; "
            f"at most {most.classifier:.0f} and {most.sae:.1f} if nothing is stopped"
        )
        rows.append(("compute", text))
    at_once = _at_once(study, resources)
    if at_once is not None:
        rows.append(("resources", at_once[1]))
    if sizes is not None:
        rows.append(("memory", _memory(study, sizes, at_once[0] if at_once else 0)))
    rows.append(("time", _time(study, seconds, at_once[0] if at_once else 0)))
    return rows


def _limits_of(budget: Budget) -> str:
    """What may end the run before its trials are spent."""
    told = [
        (budget.hours, f"after {budget.hours:g} hours"),
        (budget.processor_hours, f"after {budget.processor_hours:g} processor hours"),
        (
            budget.plateau_trials,
            f"when {budget.plateau_trials} trials in a row add less than {budget.plateau_gain:.3g} of the "
            "hypervolume",
        ),
    ]
    said = [text for limit, text in told if limit]
    return f"; no new trial begins {' or '.join(said)}" if said else ""


def _survivors(scheduler: Scheduler) -> str:
    factor = scheduler.reduction_factor
    said = {
        "promotion": f"trials wait there, the best of {factor} goes on",
        "median": "the better half goes on",
    }.get(scheduler.name, f"one in {factor} survives a rung")
    ties = "" if scheduler.ties == "keep" else f"; ties by {scheduler.ties}"
    spared = [f"{share:.0%}" for share in bracket_shares(scheduler)[1:]]
    brackets = f"; not judged at first: {', '.join(spared)} of the trials" if spared else ""
    return f"{said}{ties}{brackets}"


def _memory(study: Study, sizes: Sizes, at_once: int) -> str:
    first, largest = first_trial(study, sizes).trial_bytes, largest_trial(study, sizes).trial_bytes
    text = (
        f"at least {gigabytes(sizes.shared_bytes)} for the images and {gigabytes(first)} for the first trial"
    )
    if largest > first:
        text += f", {gigabytes(largest)} for the largest that can be drawn"
    if at_once > 1:
        text += f"; {gigabytes(sizes.shared_bytes + at_once * largest)} with {at_once} of these at once"
    return f"{text}; interpreter and libraries come on top"


def _at_once(study: Study, resources: Mapping[str, float] | None) -> tuple[int, str] | None:
    """Trials that run at once (0: none fits), and the sentence about it."""
    if resources is None:
        return None
    has = ", ".join(f"{name} {amount:g}" for name, amount in resources.items())
    try:
        granted = grant(study.resources, [resources])
    except ClusterError as error:
        return 0, f"found {has}: {error}"
    count = min(places(granted, [resources]), study.budget.trials)
    return count, f"found {has}; a trial takes CPU {granted.cpu:g}, GPU {granted.gpu:g}: {count} at once"


def _time(study: Study, seconds: float | None, at_once: int) -> str:
    if seconds is None:
        return "not estimated: no trial has been timed here"
    expected, most = expected_work(study), work(study, 1.0)
    low, high = expected.classifier * seconds, most.sae * seconds
    text = f"{_duration(low)} to {_duration(high)} of work at {seconds:.2g} s a full trial, as measured"
    return (
        f"{text}; {_duration(low / at_once)} to {_duration(high / at_once)} with {at_once} at once"
        if at_once > 1
        else text
    )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
