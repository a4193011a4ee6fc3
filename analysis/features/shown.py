"""Which images stand for a latent: the strongest, some of every strength, and those just not enough.

Top images alone are an illusion of purity; the intervals, the random row and the near misses show the rest.
All is chosen from one latent's codes z (n,) and pre-activations u (n,).
"""

from __future__ import annotations

import numpy as np

from analysis.features.feature import N_BINS, N_EXAMPLES, N_INTERVALS, N_TOP, NO_CLASS, Interval
from analysis.features.observed import Observed


def strongest_first(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The rows (m,), those with the largest values[rows] first; of equal ones the lower row."""
    rows = np.sort(rows)
    return rows[np.argsort(-values[rows], kind="stable")]


def top(z: np.ndarray) -> np.ndarray:
    """At most 16 places with the largest codes above 0."""
    return strongest_first(np.flatnonzero(z > 0), z)[:N_TOP]


def random_active(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At most 8 places, uniformly among those where it fires, strongest first."""
    return strongest_first(_drawn(np.flatnonzero(z > 0), rng), z)


def near_misses(u: np.ndarray, z: np.ndarray, labels: np.ndarray, top_class: int) -> np.ndarray:
    """At most 8 places of the class where it is silent, the largest u first.

    A TopK or gated code may be 0 at a u above 0: others were larger, or its other gate was shut.
    """
    if top_class == NO_CLASS:
        return np.zeros(0, dtype=np.int64)
    return strongest_first(np.flatnonzero((z <= 0) & (labels == top_class)), u)[:N_EXAMPLES]


def intervals(observed: Observed, z: np.ndarray, rng: np.random.Generator) -> tuple[Interval, ...]:
    """Five of equal width from 0 to the largest code, with at most 8 places of each, drawn uniformly."""
    edges = np.linspace(0.0, _largest(z), N_INTERVALS + 1)
    number, firing = bins(z, N_INTERVALS), max(1, int((z > 0).sum()))
    found = []
    for i in range(N_INTERVALS):
        rows = np.flatnonzero(number == i)
        chosen = strongest_first(_drawn(rows, rng), z)
        shown = observed.examples(chosen, z[chosen])
        found.append(Interval(float(edges[i]), float(edges[i + 1]), len(rows) / firing, shown))
    return tuple(found)


def histogram(z: np.ndarray, labels: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes above 0 by class and by 40 bins of equal width from 0 to the largest: counts (classes, 40) and
    edges (41,)."""
    number = bins(z, N_BINS)
    firing = number >= 0
    counts = np.zeros((n_classes, N_BINS), dtype=np.int64)
    np.add.at(counts, (labels[firing], number[firing]), 1)
    return counts, np.linspace(0.0, _largest(z), N_BINS + 1)


def bins(z: np.ndarray, count: int) -> np.ndarray:
    """Which of `count` bins (low, high] of equal width from 0 to max z each code is in; -1 where it is 0."""
    codes = z.astype(np.float64)
    highest = _largest(z)
    share = codes / highest if highest > 0 else codes
    return np.where(z > 0, np.clip(np.ceil(share * count) - 1, 0, count - 1), -1).astype(np.int64)


def _largest(z: np.ndarray) -> float:
    """The largest code, 0 if there is none above."""
    return float(np.max(z, initial=0.0))


def _drawn(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(rows, size=min(N_EXAMPLES, len(rows)), replace=False) if len(rows) else rows
