"""What a winner may not pay with: measures that no objective of most studies looks at."""

from __future__ import annotations

from collections.abc import Mapping

from search.formatting import score
from trainables.metrics.catalog import METRICS

GUARDS = (
    "classifier/accuracy",
    "splice/accuracy_drop",
    "sae/dead_fraction",
    "sae/rare_fraction",
    "sae/dense_fraction",
)
# Shares; less is the noise of one training on some hundred images.
NOTICED = 0.01


def guards_lost(winner: Mapping[str, float], default: Mapping[str, float]) -> list[str]:
    """`classifier/accuracy 0.912 (default 0.953)` for every guard in which one training is worse than another
    by more than a hundredth."""
    told = []
    for metric in GUARDS:
        if metric in winner and metric in default:
            difference = winner[metric] - default[metric]
            worse = -difference if METRICS[metric].mode == "max" else difference
            if worse > NOTICED:
                told.append(f"{metric} {score(winner[metric])} (default {score(default[metric])})")
    return told
