"""What is made of a table: standardised values, bits of middling prevalence, no concept twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainables.concepts.table import ConceptTable, Floats, group_of
from trainables.errors import DataError

LEAST, MOST = 0.2, 0.8
WANTED = 0.3
"""Share of train images that a bit is on for, as nearly as its values allow: latents are sparse."""
ALIKE = 0.95

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Prepared:
    """Concepts by name, what standardises them, where they are cut; all read off train.

    dropped: name -> why it is none of them.
    """

    names: tuple[str, ...]
    columns: tuple[int, ...]
    mean: Floats
    deviation: Floats
    thresholds: Floats
    dropped: dict[str, str]

    def values(self, table: ConceptTable) -> Floats:
        """(n, c): each concept with mean 0 and variance 1 on train."""
        return (table.values[:, list(self.columns)] - self.mean) / self.deviation

    def bits(self, table: ConceptTable) -> Bools:
        """(n, c): whether the concept is above its threshold."""
        return np.asarray(table.values[:, list(self.columns)] > self.thresholds)


def prepare(train: ConceptTable, label: str = "the set") -> Prepared:
    """Cut every concept where the share above is nearest to .3, and leave out those that no cut brings
    between .2 and .8, and those whose values or bits an earlier one has (|correlation| > .95).

    DataError if none is left.
    """
    dropped: dict[str, str] = {}
    kept: list[int] = []
    thresholds: list[float] = []
    mean, deviation = train.values.mean(axis=0), train.values.std(axis=0)
    standard = (train.values - mean) / deviation
    bits = np.empty((len(standard), 0))
    for i, name in enumerate(train.names):
        threshold, share = _cut(train.values[:, i])
        own = train.values[:, i] > threshold
        if not LEAST <= share <= MOST:
            dropped[name] = (
                f"no threshold is passed by {LEAST:.0%} to {MOST:.0%} of images, the nearest by {share:.1%}"
            )
            continue
        like = np.abs(standard[:, kept].T @ standard[:, i]) / len(standard) if kept else np.zeros(0)
        z = (own - own.mean()) / own.std()
        alike = np.maximum(like, np.abs(bits.T @ z) / len(z)) if kept else like
        if len(alike) and alike.max() > ALIKE:
            dropped[name] = (
                f"says the same as {train.names[kept[int(alike.argmax())]]}, correlation {alike.max():.3f}"
            )
            continue
        kept.append(i)
        thresholds.append(threshold)
        bits = np.column_stack([bits, z])
    if not kept:
        reasons = "; ".join(f"{name}: {why}" for name, why in dropped.items())
        raise DataError(f"{label} has no concept that can be used: {reasons}")
    names = tuple(train.names[i] for i in kept)
    return Prepared(names, tuple(kept), mean[kept], deviation[kept], np.array(thresholds), dropped)


def supervised_half(names: tuple[str, ...], split: int) -> Bools:
    """(c,): a half of the concepts drawn by `split`, of every group as nearly a half as there is.

    The other half is held out: a set is useful if what was not supervised becomes clearer too.
    """
    draws = np.random.default_rng(split)
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        groups.setdefault(group_of(name), []).append(i)
    order = [
        int(i)
        for group in draws.permutation(len(groups))
        for i in draws.permutation(list(groups.values())[group])
    ]
    chosen = np.zeros(len(names), dtype=bool)
    chosen[order[::2]] = True
    return chosen


def _cut(values: Floats) -> tuple[float, float]:
    """The value that as near to WANTED of all lie above as can be, and their share."""
    levels, counts = np.unique(values, return_counts=True)
    above = 1 - np.cumsum(counts) / len(values)
    best = int(np.abs(above[:-1] - WANTED).argmin())
    return float(levels[best]), float(above[best])
