"""What trials shared, and the time that it saved: for a report."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from search.ledger.history import History
from search.stages.spending import Spending
from search.study.study import Study


@dataclass(frozen=True)
class Saved:
    """What came of sharing in one run; seconds are those of all workers together."""

    trials: int
    """Trials that came to a rung."""
    classifiers: int
    """Different classifiers among them."""
    sharing: int
    """Trials whose classifier an earlier one had trained, at least up to the first rung."""
    spent: float
    """On classifiers."""
    saved: float
    """What the classifiers that were found would have cost: the median of those trained at the same rung."""


def saved(study: Study, history: History) -> Saved:
    """Count what trials shared, and add up seconds by the times in the ledger."""
    spending = Spending(study, history)
    told = spending.spent
    fresh: dict[int, list[float]] = {}
    for one in told:
        if not one.shared:
            fresh.setdefault(one.rung, []).append(one.classifier)
    return Saved(
        trials=len({one.trial for one in told}),
        classifiers=len({spending.prefixes[one.trial] for one in told}),
        sharing=len({one.trial for one in told if one.shared}),
        spent=sum(one.classifier for one in told),
        saved=sum(max(0.0, median(fresh[one.rung]) - one.classifier) for one in told if one.shared),
    )
