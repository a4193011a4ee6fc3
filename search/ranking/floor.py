"""Whether a count of latents is more than dictionaries give that nobody trained: words beside every count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import hypot

from search.formatting import number

READABLE, SUPPORTED = "latents/readable", "latents/supported"
FLOORS = {READABLE: "latents/readable_floor", SUPPORTED: "latents/supported_floor"}
"""A count -> what the best dictionary that nobody trained has of it, over the same network."""
ERRORS = 2
LATER = "floor at full budget"
EXPLAINED = (
    "floor: the count of the best dictionary that nobody trained (Gaussian, data points, k-means), of the "
    "same network and of about this width and L0, rounded to where it is higher on the whole; measured at "
    "the full budget"
)


def floor_words(metric: str, metrics: Mapping[str, float]) -> str | None:
    """What stands beside a count: `floor 1.8`, `within the floor 1.8`, or that it comes at the full budget.

    None for other metrics, and where there is no count. A count less than two standard errors of the
    difference above the floor is within it; where no error is known, one that is not above it.
    """
    if metric not in FLOORS or metric not in metrics:
        return None
    floor = metrics.get(FLOORS[metric])
    if floor is None:
        return LATER
    error = hypot(metrics.get(f"{metric}_se", 0.0), metrics.get(f"{FLOORS[metric]}_se", 0.0))
    above = metrics[metric] - floor > ERRORS * error
    return f"{'floor' if above else 'within the floor'} {floor:.3g}"


def count_words(metric: str, metrics: Mapping[str, float], written: Callable[[float], str] = number) -> str:
    """`8.33 (floor 1.8)`: the value, and behind a count its floor. KeyError if it is not there."""
    beside = floor_words(metric, metrics)
    return written(metrics[metric]) + ("" if beside is None else f" ({beside})")
