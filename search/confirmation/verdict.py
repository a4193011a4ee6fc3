"""What a confirmation means, in sentences: against the controls, and against the default in the guards.

"Clearly" is said where the 95 % interval of the difference, paired by seed, leaves 0 out (Student's t); with
fewer than two seeds nothing is clear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from search.confirmation.estimates import Confirmed, Estimate
from search.formatting import score
from search.study.study import Study
from trainables.confirmation.rungs import CONTROLS
from trainables.metrics.catalog import METRICS
from trainables.metrics.metric import Mode

GUARDS = (
    "classifier/accuracy",
    "splice/accuracy_drop",
    "sae/dead_fraction",
    "sae/rare_fraction",
    "sae/dense_fraction",
)
"""What a winner may not pay with, beside what the study's constraints bound."""


def sentences(study: Study, results: Sequence[Confirmed]) -> list[str]:
    """For each configuration but the default a sentence on its controls in every objective, then warnings."""
    told: list[str] = []
    for result in results:
        if not result.seeds or result.subject.is_default:
            continue
        told += [against_controls(result, o.metric, o.mode) for o in study.objectives]
        told += guard_warnings(study, result)
    return [sentence for sentence in told if sentence]


def against_controls(result: Confirmed, metric: str, mode: Mode) -> str:
    """`Trial 0017: the trained SAE is not clearly better in m, 0.66, than pca (0.67).`; "" if unknown."""
    own = result.estimates["pipeline"].get(metric)
    known = [name for name in CONTROLS if metric in result.minus_controls.get(name, {})]
    if own is None or not known:
        return ""
    equal = [name for name in known if not is_better(result.minus_controls[name][metric], mode)]
    head = f"Trial {result.subject.trial:04d}: the trained SAE is"
    if not equal:
        return f"{head} clearly better than every control in {metric}, {score(own.mean)}."
    beside = [f"{name.replace('_', ' ')} ({score(result.estimates[name][metric].mean)})" for name in equal]
    names = beside[0] if len(beside) == 1 else f"{', '.join(beside[:-1])} and {beside[-1]}"
    return f"{head} not clearly better in {metric}, {score(own.mean)}, than {names}."


def guard_warnings(study: Study, result: Confirmed) -> list[str]:
    """One for every guard in which the configuration is clearly worse than the default."""
    guards = dict.fromkeys([*(c.metric for c in study.constraints), *GUARDS])
    told = []
    for metric in guards:
        difference, mode = (
            result.minus_default.get(metric),
            METRICS[metric].mode if metric in METRICS else None,
        )
        if difference is None or mode is None:
            continue
        if is_better(difference, "min" if mode == "max" else "max"):
            told.append(
                f"Warning: trial {result.subject.trial:04d} is clearly worse than the default in {metric} "
                f"({difference.mean:+.3f}, n = {difference.n})."
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
