"""What a confirmation means, in one sentence a configuration, and warnings where it lost a guard.

"Clearly" is said where the 95 % interval of the difference, paired by seed, leaves 0 out (Student's t); with
fewer than two seeds nothing is clear. Better than the whole panel is said only where that holds against each
of its members, so no correction for their number is due. A ceiling knows more than an SAE may and is told
beside, not held against it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from search.confirmation.estimates import Confirmed, Estimate
from search.formatting import score
from search.ranking.floor import READABLE
from search.ranking.guards import GUARDS
from search.study.study import Study
from trainables.confirmation.rungs import PANEL, words_of
from trainables.metrics.catalog import METRICS
from trainables.metrics.metric import Mode

MOST_NAMED = 4


def sentences(study: Study, results: Sequence[Confirmed]) -> list[str]:
    """For each configuration but the default what its panel means, then warnings."""
    told: list[str] = []
    for result in results:
        if result.seeds and not result.subject.is_default:
            told += [panel_sentence(study, result), *guard_warnings(study, result)]
    return [sentence for sentence in told if sentence]


def panel_sentence(study: Study, result: Confirmed) -> str:
    """`Trial 0017: the trained SAE is clearly better than the whole panel in a, 8.3; not clearly better in b,
    0.66, than k-means (0.67).` Of the readable latents and all objectives; "" without a control."""
    wished: dict[str, Mode] = {READABLE: "max"}
    wished.update({objective.metric: objective.mode for objective in study.objectives})
    parts = [part for metric, mode in wished.items() if (part := against_panel(result, metric, mode))]
    if not parts:
        return ""
    head = f"Trial {result.subject.trial:04d}: the trained SAE is"
    return f"{head} {'; '.join(parts)}.{_ceiling(result, list(wished))}"


def against_panel(result: Confirmed, metric: str, mode: Mode) -> str:
    """What follows `the trained SAE is` for one metric; "" if the metric or all controls are unknown."""
    own = result.estimates["pipeline"].get(metric)
    known = [name for name in result.minus_controls if metric in result.minus_controls[name]]
    known = [name for name in known if not _is_ceiling(name)]
    if own is None or not known:
        return ""
    sign = -1 if mode == "max" else 1
    known.sort(key=lambda name: sign * result.estimates[name][metric].mean)
    value = f"{metric}, {score(own.mean)}"
    differences = {name: result.minus_controls[name][metric] for name in known}
    if all(found.se is None for found in differences.values()):
        best = _named(result, known[:1], metric)
        return f"not yet to be judged in {value}, beside {best} as the panel's best: one seed decides nothing"
    equal = [name for name in known if not is_better(differences[name], mode)]
    if not equal:
        best = _named(result, known[:1], metric)
        return f"clearly better than the whole panel in {value}, its best being {best}"
    worse = [name for name in equal if is_better(differences[name], "min" if mode == "max" else "max")]
    if worse:
        rest = [name for name in equal if name not in worse]
        also = f", and not clearly better than {_named(result, rest, metric)}" if rest else ""
        return f"clearly worse in {value}, than {_named(result, worse, metric)}{also}"
    return f"not clearly better in {value}, than {_named(result, equal, metric)}"


def guard_warnings(study: Study, result: Confirmed) -> list[str]:
    """One for every guard in which the configuration is clearly worse than the default, or, with one seed,
    worse at all."""
    guards = dict.fromkeys([*(c.metric for c in study.constraints), *GUARDS])
    told = []
    for metric in guards:
        difference = result.minus_default.get(metric)
        mode = METRICS[metric].mode if metric in METRICS else None
        if difference is None or mode is None:
            continue
        clear = is_better(difference, "min" if mode == "max" else "max")
        seems = difference.se is None and (difference.mean < 0 if mode == "max" else difference.mean > 0)
        if clear or seems:
            told.append(
                f"Warning: trial {result.subject.trial:04d} is {'clearly ' if clear else ''}worse than the "
                f"default in {metric} ({difference.mean:+.3f}, n = {difference.n})."
            )
    return told


def is_better(difference: Estimate, mode: Mode) -> bool:
    """Whether a paired difference is on the better side of 0 with its whole 95 % interval."""
    if difference.se is None:
        return False
    from scipy.stats import t

    reach = float(t.ppf(0.975, difference.n - 1)) * difference.se
    low, high = difference.mean - reach, difference.mean + reach
    return math.isfinite(reach) and (low > 0 if mode == "max" else high < 0)


def _ceiling(result: Confirmed, metrics: Sequence[str]) -> str:
    told = []
    for name in filter(_is_ceiling, result.minus_controls):
        values = [
            f"{m} {score(result.estimates[name][m].mean)}" for m in metrics if m in result.estimates[name]
        ]
        told += [f" The ceiling, {words_of(name)}: {', '.join(values)}."] if values else []
    return "".join(told)


def _is_ceiling(name: str) -> bool:
    return name in PANEL and PANEL[name].is_ceiling


def _named(result: Confirmed, names: Sequence[str], metric: str) -> str:
    """`k-means (0.67) and PCA (0.66)`, the rest counted."""
    told = [f"{words_of(name)} ({score(result.estimates[name][metric].mean)})" for name in names[:MOST_NAMED]]
    told += [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
