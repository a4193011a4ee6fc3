"""What a confirmation measured: mean, standard error and n of every score, and what the search had claimed.

For the values v_1..v_n of one metric over fresh seeds: mean, se = sd / sqrt(n) with sd over n - 1 (none
for n = 1). The winner's-curse gap is search value minus the mean of fresh seeds on the *validation* split,
the images of the search: against the test split it would hold the difference between the splits as well.
Optimism is the gap with the sign that makes positive mean "the search said better".
gap_se = sd * sqrt(1 + 1/n) is how far one training that nobody selected would lie from that mean, so
gap / gap_se says whether the gap is more than seed noise.
Differences in pairs have at least the spread of the metric's own grain, see `search.ranking.grain`.
Every seed that was trained counts: none can be left out after its value is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from search.confirmation.schedule import latest, task_of
from search.confirmation.subjects import Subject
from search.ledger.history import History, TrialRecord
from search.ranking.grain import least_variance, smallest_step
from trainables.confirmation.rungs import RUNGS, TRAINED_RUNG
from trainables.metrics.catalog import METRICS


@dataclass(frozen=True)
class Estimate:
    """Mean over n seeds and its standard error."""

    mean: float
    se: float | None
    n: int


@dataclass(frozen=True)
class Gap:
    """Search value minus the fresh seeds' mean on validation; see above."""

    search: float
    gap: float
    optimism: float | None
    """None for a metric that has no better direction."""
    gap_se: float | None


@dataclass(frozen=True)
class Confirmed:
    """What the fresh trainings of one subject measured."""

    subject: Subject
    seeds: tuple[int, ...]
    """Replicates that were trained and scored."""
    failures: tuple[tuple[int, str], ...]
    """(replicate, reason) of those that failed."""
    values: Mapping[str, Mapping[int, Mapping[str, float]]]
    """"val" or a key of RUNGS that was scored -> replicate -> metrics."""
    estimates: Mapping[str, Mapping[str, Estimate]]
    """The same, over seeds: what was scored -> metric."""
    gaps: Mapping[str, Gap]
    """Metric -> search value against fresh seeds on validation."""
    minus_controls: Mapping[str, Mapping[str, Estimate]]
    """Control -> metric -> pipeline minus control on the same seeds."""
    minus_default: Mapping[str, Estimate]
    """Metric -> this subject minus the default configuration on the same seeds; empty for the default."""


def collect(searched: History, history: History, subjects: Sequence[Subject]) -> list[Confirmed]:
    """Every subject with all that its complete trainings measured."""
    newest = latest(history).values()
    of_subject = {
        subject.trial: [record for record in newest if task_of(record).trial == subject.trial]
        for subject in subjects
    }
    values = {trial: _values(records) for trial, records in of_subject.items()}
    grains = _grains(values.values())
    default = next((values[subject.trial] for subject in subjects if subject.is_default), None)
    return [
        _confirmed(
            subject,
            searched.trials[subject.trial],
            of_subject[subject.trial],
            values[subject.trial],
            default,
            grains,
        )
        for subject in subjects
    ]


_Values = dict[str, dict[int, Mapping[str, float]]]


def _values(records: Sequence[TrialRecord]) -> _Values:
    rungs = {"val": TRAINED_RUNG, **RUNGS}
    complete = sorted(
        (record for record in records if record.state == "COMPLETE"), key=lambda r: task_of(r).replicate
    )
    values: _Values = {
        name: {
            task_of(record).replicate: record.rungs[rung].metrics
            for record in complete
            if rung in record.rungs  # else a control that joined, or left, after this confirmation was made
        }
        for name, rung in rungs.items()
    }
    return {name: found for name, found in values.items() if found or name in ("val", "pipeline")}


def _confirmed(
    subject: Subject,
    searched: TrialRecord,
    records: Sequence[TrialRecord],
    values: _Values,
    default: _Values | None,
    grains: Mapping[str, float],
) -> Confirmed:
    test = values["pipeline"]
    failures = [
        (task_of(r).replicate, r.reason or "no reason recorded") for r in records if r.state == "FAIL"
    ]
    return Confirmed(
        subject=subject,
        seeds=tuple(test),
        failures=tuple(sorted(failures)),
        values=values,
        estimates={name: over_seeds(by_seed) for name, by_seed in values.items()},
        gaps=_gaps(searched, values["val"]),
        minus_controls={
            name: over_seeds(_paired(test, found), grains)
            for name, found in values.items()
            if name not in ("val", "pipeline")
        },
        minus_default=(
            {}
            if default is None or subject.is_default
            else over_seeds(_paired(test, default["pipeline"]), grains)
        ),
    )


def over_seeds(
    by_seed: Mapping[int, Mapping[str, float]], grains: Mapping[str, float] | None = None
) -> dict[str, Estimate]:
    """Metric -> estimate over the seeds that have it; grains: of those whose values are differences."""
    names = dict.fromkeys(name for metrics in by_seed.values() for name in metrics)
    return {
        name: estimate([m[name] for m in by_seed.values() if name in m], (grains or {}).get(name, 0.0))
        for name in names
    }


def estimate(values: Sequence[float], grain: float = 0.0) -> Estimate:
    """Mean and standard error of at least one value; with a grain, of differences, no less than it gives.

    Differences whose mean is 0 keep their own spread: there is nothing to be certain of.
    """
    n, mean = len(values), fmean(values)
    if n == 1:
        return Estimate(mean, None, n)
    variance = stdev(values) ** 2
    return Estimate(mean, sqrt((max(variance, least_variance(grain)) if mean else variance) / n), n)


def _grains(values: Iterable[_Values]) -> dict[str, float]:
    """Metric -> its smallest step among all that was scored on the test split."""
    known: dict[str, list[float]] = {}
    for scored in values:
        for name, by_seed in scored.items():
            for metrics in by_seed.values() if name != "val" else ():
                for metric, value in metrics.items():
                    known.setdefault(metric, []).append(value)
    return {metric: smallest_step(found) for metric, found in known.items()}


def _gaps(searched: TrialRecord, val: Mapping[int, Mapping[str, float]]) -> dict[str, Gap]:
    """Only against a full training: a trial that was stopped early or failed claimed nothing comparable."""
    if searched.state != "COMPLETE" or not searched.rungs:
        return {}
    claimed = searched.rungs[max(searched.rungs)].metrics
    gaps = {}
    for name, found in over_seeds(val).items():
        if name in claimed:
            gap = claimed[name] - found.mean
            mode = METRICS[name].mode if name in METRICS else None
            spread = None if found.se is None else found.se * sqrt(found.n + 1)
            gaps[name] = Gap(
                claimed[name], gap, None if mode is None else gap if mode == "max" else -gap, spread
            )
    return gaps


def _paired(
    a: Mapping[int, Mapping[str, float]], b: Mapping[int, Mapping[str, float]]
) -> dict[int, dict[str, float]]:
    """a - b, seed by seed and metric by metric, where both have a value."""
    return {
        seed: {name: a[seed][name] - b[seed][name] for name in a[seed] if name in b[seed]}
        for seed in a
        if seed in b
    }
