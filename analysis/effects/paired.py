"""Effects of a design's directions: differences to the default within a replicate, and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scipy import stats

from search.ledger.history import History
from search.ranking.grain import least_variance, smallest_step
from search.study.design import DEFAULT_ARM, DIRECTION, REPLICATE

Measure = Callable[[Mapping[str, float]], float]
Arms = Mapping[str, Mapping[int, Mapping[str, float]]]
"""Arm -> replicate -> metrics."""


@dataclass(frozen=True)
class Effect:
    """The mean of n values, and its standard error (NaN for fewer than two)."""

    mean: float
    standard_error: float
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """95 % by Student's t, mean -+ t(0.975, n - 1) s.e.; NaN for fewer than two values."""
        if self.n < 2:
            return math.nan, math.nan
        reach = float(stats.t.ppf(0.975, self.n - 1)) * self.standard_error
        return self.mean - reach, self.mean + reach

    @property
    def p_value(self) -> float:
        """Two-sided, of no effect, by Student's t; 1 where all values are 0, 0 where all are another one."""
        if self.n < 2:
            return math.nan
        if self.standard_error == 0:
            return float(self.mean == 0)
        return float(2 * stats.t.sf(abs(self.mean) / self.standard_error, self.n - 1))

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out; never so for fewer than two values.

        Values that are all the same and not 0 have no spread: the effect is clear.
        """
        low, high = self.interval
        return low > 0 or high < 0


def effect(values: list[float], grain: float = 0.0) -> Effect:
    """Mean and standard error s / sqrt(n) of values, s with n - 1 in the denominator. NaN of none.

    s is at least `grain` / sqrt(6), what rounding two values to multiples of a grain does to their
    difference: two pairs that agree to the last of 1,000 images are no certainty. A mean of 0 keeps s.
    """
    n = len(values)
    if n == 0:
        return Effect(math.nan, math.nan, 0)
    mean = math.fsum(values) / n
    if n == 1:
        return Effect(mean, math.nan, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    if mean != 0:
        variance = max(variance, least_variance(grain))
    return Effect(mean, math.sqrt(variance / n), n)


def metric(name: str) -> Measure:
    """The value of one metric; KeyError for a trial that lacks it."""
    return lambda metrics: metrics[name]


def arm_metrics(history: History) -> dict[str, dict[int, Mapping[str, float]]]:
    """Metrics at full training, of the trials that got there.

    A trial whose records are damaged, so that its place or its last rung is not known, is left out.
    """
    found: dict[str, dict[int, Mapping[str, float]]] = {}
    for trial in history.in_state("COMPLETE"):
        rungs = trial.rungs
        if not rungs or not {DIRECTION, REPLICATE} <= set(trial.params):
            continue
        arm, replicate = str(trial.params[DIRECTION]), int(trial.params[REPLICATE])
        found.setdefault(arm, {})[replicate] = rungs[max(rungs)].metrics
    return found


def level(arms: Arms, arm: str, measure: Measure) -> Effect:
    """What an arm itself scores, over its replicates."""
    return effect([measure(metrics) for metrics in arms.get(arm, {}).values()])


def paired_difference(arms: Arms, arm: str, measure: Measure, against: str = DEFAULT_ARM) -> Effect:
    """measure(arm) - measure(against) in every replicate that has both."""
    own, other = arms.get(arm, {}), arms.get(against, {})
    both = sorted(set(own) & set(other))
    differences = [measure(own[replicate]) - measure(other[replicate]) for replicate in both]
    return effect(differences, grain_of(arms, measure))


def grain_of(arms: Arms, measure: Measure) -> float:
    """The smallest step between two values of a measure in a run, as 1/n of an accuracy on n images.

    It is next to nothing for a measure without steps, and the values' own size where only two are known. 0
    where all are equal.
    """
    known = (_or_none(measure, metrics) for arm in arms.values() for metrics in arm.values())
    return smallest_step(value for value in known if value is not None)


def _or_none(measure: Measure, metrics: Mapping[str, float]) -> float | None:
    try:
        return measure(metrics)
    except KeyError:  # a trial of an arm that is not compared may lack the metric
        return None
