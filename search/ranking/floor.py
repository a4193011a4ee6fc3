"""Whether a count of readable latents is more than dictionaries give that nobody trained."""

from __future__ import annotations

from collections.abc import Mapping
from math import hypot

READABLE, FLOOR = "latents/readable", "latents/readable_floor"
ERRORS = 2


def floor_words(metric: str, metrics: Mapping[str, float]) -> str | None:
    """What stands beside a trial's latents/readable; None for other metrics and where no floor was measured.

    A count less than two standard errors of the difference above the floor is called within it.
    """
    if metric != READABLE or READABLE not in metrics or FLOOR not in metrics:
        return None
    error = hypot(metrics.get(f"{READABLE}_se", 0.0), metrics.get(f"{FLOOR}_se", 0.0))
    above = metrics[READABLE] - metrics[FLOOR] > ERRORS * error
    return f"{'floor' if above else 'within the floor'} {metrics[FLOOR]:.3g}"
