"""G5: what supervision with half of the concepts does to the other half, against every arm that is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.concept_verdict.paired import Paired, holm, paired, power, seeds_needed
from analysis.concept_verdict.rule import ACCURACY, CONTROLS, FVU, NONE, REAL, Rule, Word

Arms = Mapping[str, Mapping[str, Sequence[float]]]
"""Arm -> metric -> a value for each seed, the seeds in one order everywhere."""


@dataclass(frozen=True)
class Comparison:
    """real minus another arm in one metric."""

    metric: str
    against: str
    found: Paired
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class Causal:
    """The word, why, and the table behind it.

    p: primary -> the largest p against any other arm, after Holm; level: what this look may spend; power: to
    find an effect of the least size that matters with these seeds; seeds: how many would decide, None if that
    is not known or nothing is left to decide.
    """

    word: Word
    reasons: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    p: Mapping[str, float]
    level: float
    power: float
    seeds: int | None


def judge(arms: Arms, look: int, rule: Rule) -> Causal:
    """The verdict on finished arms. KeyError for an arm or a metric that is missing."""
    level = rule.level(look)
    others = (NONE, *CONTROLS)
    table = {
        metric: {other: _comparison(arms, metric, other, level) for other in others}
        for metric in rule.primaries
    }
    adjusted = holm({metric: max(c.p for c in own.values()) for metric, own in table.items()})
    accuracy = paired(arms[REAL][ACCURACY], arms[NONE][ACCURACY])
    fvu = paired(arms[REAL][FVU], arms[NONE][FVU])
    beside = tuple(
        Comparison(metric, NONE, found, *found.bounds(level), p)
        for metric, found, p in (
            (ACCURACY, accuracy, accuracy.p_above(-rule.accuracy)),
            (FVU, fvu, fvu.p_above(rule.fvu)),
        )
    )
    word, reasons = _word(table, adjusted, accuracy, fvu, level, rule)
    worst = {metric: _worst(own) for metric, own in table.items()}
    found = max((c.found for c in worst.values()), key=lambda own: own.effect)
    comparisons = (*(c for own in table.values() for c in own.values()), *beside)
    needed = None if word is not Word.INCONCLUSIVE else _needed(found, accuracy, rule, look)
    stated = power(_shift(found, rule.effect), found.n, level / len(rule.primaries))
    return Causal(word, reasons, comparisons, adjusted, level, stated, needed)


def _comparison(arms: Arms, metric: str, other: str, level: float) -> Comparison:
    found = paired(arms[REAL][metric], arms[other][metric])
    return Comparison(metric, other, found, *found.bounds(level), found.p_above())


def _worst(own: Mapping[str, Comparison]) -> Comparison:
    """The arm that real is least above."""
    return min(own.values(), key=lambda c: c.found.mean)


def _word(
    table: Mapping[str, Mapping[str, Comparison]],
    adjusted: Mapping[str, float],
    accuracy: Paired,
    fvu: Paired,
    level: float,
    rule: Rule,
) -> tuple[Word, tuple[str, ...]]:
    harm = holm({"accuracy": accuracy.p_below(-rule.accuracy), "fvu": fvu.p_above(rule.fvu)})
    harmed = [
        f"{metric} is worse by {abs(found.mean):.3f}, more than {margin:g} (p {harm[name]:.2g})"
        for name, metric, found, margin in (
            ("accuracy", ACCURACY, accuracy, rule.accuracy),
            ("fvu", FVU, fvu, rule.fvu),
        )
        if harm[name] <= level
    ]
    if harmed:
        return Word.HARMFUL, tuple(harmed)
    is_safe = accuracy.p_above(-rule.accuracy) <= level
    above = [
        metric
        for metric, own in table.items()
        if adjusted[metric] <= level and min(c.found.effect for c in own.values()) >= rule.effect
    ]
    if above and is_safe:
        return Word.USEFUL, tuple(
            f"{metric}: above every other arm, the nearest {_worst(table[metric]).against} "
            f"({_worst(table[metric]).found.mean:+.3f}, p {adjusted[metric]:.2g})"
            for metric in above
        )
    worst = {metric: _worst(own) for metric, own in table.items()}
    if all(_is_small(own, rule) for own in worst.values()):
        return Word.DECORATIVE, tuple(
            f"{metric}: at most {own.upper:+.3f} above {own.against}, less than {rule.effect:g} pooled "
            f"standard deviations ({rule.effect * own.found.pooled:.3f})"
            for metric, own in worst.items()
        )
    reasons = [
        f"{metric}: {own.found.mean:+.3f} against {own.against}, between {own.lower:+.3f} and "
        f"{own.upper:+.3f} (p {adjusted[metric]:.2g}, wanted {level:.2g})"
        for metric, own in worst.items()
    ]
    if above:
        lower = accuracy.bounds(level)[0]
        reasons.append(f"{ACCURACY} may have fallen by {-lower:.3f}, more than {rule.accuracy:g}")
    return Word.INCONCLUSIVE, tuple(reasons)


def _is_small(worst: Comparison, rule: Rule) -> bool:
    return worst.found.n >= 2 and worst.upper < rule.effect * worst.found.pooled


def _shift(found: Paired, effect: float) -> float:
    """An effect in pooled standard deviations as one in those of the differences."""
    return effect * found.pooled / found.deviation if found.deviation > 0 else math.inf


def _needed(found: Paired, accuracy: Paired, rule: Rule, look: int) -> int | None:
    """Seeds with which the next look has the wanted power: for what was found where that matters, else to
    show that it is less than what matters; and for accuracy."""
    level = rule.level(look + 1) / len(rule.primaries)
    if found.deviation == 0:
        return None
    if found.effect >= rule.effect:
        shift = found.mean / found.deviation
    else:
        shift = max(_shift(found, rule.effect) - found.mean / found.deviation, 0.0)
    wanted = [seeds_needed(shift, level, rule.power)]
    if accuracy.deviation > 0 and accuracy.p_above(-rule.accuracy) > rule.level(look):
        wanted.append(seeds_needed((accuracy.mean + rule.accuracy) / accuracy.deviation, level, rule.power))
    return None if None in wanted else max(found.n + 1, *(n for n in wanted if n is not None))
