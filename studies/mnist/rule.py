"""The rule of PLAN.md: when a direction helps, when it harms, and what the test could have seen.

Paired differences of the primary measure to the default, a two-sided t-test with Holm's correction over all
directions, a smallest difference that counts, and guards that a direction may not break.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scipy import stats

from analysis.effects.paired import Arms, Effect, Measure, level, metric, paired_difference
from search.study.design import DEFAULT_ARM

Verdict = Literal["helps", "harms", "no clear effect", "breaks a guard", "not enough pairs"]
SMALLEST_EFFECT = 3.0
"""Latents above the floor by which a direction has to differ from the default."""
LEVEL = 0.05
POWER = 0.8


def above_floor(metrics: Mapping[str, float]) -> float:
    """The primary measure: supported latents minus those of the best never-trained dictionary there."""
    return metrics["latents/supported"] - metrics["latents/supported_floor"]


@dataclass(frozen=True)
class Guard:
    """A bound on the mean of a direction; `relative` bounds its mean difference to the default."""

    metric: str
    bound: float
    side: Literal["min", "max"]
    relative: bool = False

    def broken_by(self, arms: Arms, arm: str) -> bool:
        """Whether the mean over the replicates lies beyond the bound; a metric without a value does not."""
        measure = metric(self.metric)
        found = (paired_difference if self.relative else level)(arms, arm, measure).mean
        return found < self.bound if self.side == "min" else found > self.bound

    def __str__(self) -> str:
        sign = "at least" if self.side == "min" else "at most"
        bound = f"the default {self.bound:+g}" if self.relative else f"{self.bound:g}"
        return f"{self.metric} {sign} {bound}"


GUARDS = (
    Guard("classifier/accuracy", -0.005, "min", relative=True),
    Guard("splice/accuracy_drop", 0.05, "max"),
    Guard("sae/l0", 16, "max"),
    Guard("sae/dense_fraction", 0.02, "max"),
    Guard("sae/rare_fraction", 0.1, "max"),
)


@dataclass(frozen=True)
class Finding:
    """What the rule says of one direction."""

    direction: str
    difference: Effect
    """Of the primary measure to the default, over pairs of a replicate."""
    holm: float
    """The p-value after Holm's correction; NaN for fewer than two pairs."""
    broken: tuple[Guard, ...]
    detectable: float
    """The difference that the corrected test would have found with probability `POWER`."""

    @property
    def verdict(self) -> Verdict:
        """helps, harms, or why neither can be said."""
        if self.difference.n < 2:
            return "not enough pairs"
        clear = self.holm <= LEVEL and abs(self.difference.mean) >= SMALLEST_EFFECT
        if clear and self.difference.mean < 0:
            return "harms"
        if clear and not self.broken:
            return "helps"
        return "breaks a guard" if clear else "no clear effect"


def findings(arms: Arms, directions: Sequence[str], measure: Measure = above_floor) -> list[Finding]:
    """The rule for each direction; the correction is over all of them."""
    differences = [paired_difference(arms, name, measure, DEFAULT_ARM) for name in directions]
    corrected = holm([found.p_value for found in differences])
    return [
        Finding(
            name,
            difference,
            p_value,
            tuple(guard for guard in GUARDS if name in arms and guard.broken_by(arms, name)),
            detectable_difference(difference.standard_error, difference.n, LEVEL / max(1, len(directions))),
        )
        for name, difference, p_value in zip(directions, differences, corrected, strict=True)
    ]


def holm(p_values: Iterable[float]) -> list[float]:
    """Holm's p-values: of the i-th smallest of m the largest (m - j + 1) p_j over j <= i, at most 1.

    NaN, a test that could not be made, stays NaN and counts as one of the m: leaving it out would make the
    others look surer than the plan allowed. Holm 1979.
    """
    known = list(p_values)
    order = sorted((k for k, p in enumerate(known) if math.isfinite(p)), key=lambda k: known[k])
    found, largest = [math.nan] * len(known), 0.0
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (len(known) - rank) * known[k]))
        found[k] = largest
    return found


def detectable_difference(standard_error: float, n: int, level: float) -> float:
    """The true mean of n differences at which a two-sided t-test at `level` finds an effect with `POWER`.

    Solves P(|T'| > t(1 - level/2, n - 1)) = POWER for the noncentrality of T', times the standard error. NaN
    for fewer than two differences.
    """
    if n < 2 or math.isnan(standard_error):
        return math.nan
    critical = stats.t.ppf(1 - level / 2, n - 1)
    low, high = 0.0, 10 * critical + 10
    for _ in range(60):
        middle = (low + high) / 2
        if stats.nct.sf(critical, n - 1, middle) < POWER:
            low = middle
        else:
            high = middle
    return float(high * standard_error)
