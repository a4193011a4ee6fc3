"""G3: what each group of concepts adds to reading the class, whatever it is added to.

The Shapley value of group i is the mean, over all orders, of the accuracy that it adds to those before it:

    phi_i = sum_S |S|! (m - |S| - 1)! / m! (a(S with i) - a(S)).

Accuracy is a mean over images, so phi_i is one too, and the standard error of that mean is its interval's:
exact over subsets, for up to 8 groups; beyond that the smallest groups are put together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.concept_verdict.evidence import Evidence
from trainables.concepts.table import group_of

MOST_GROUPS = 8
Z = 1.96


@dataclass(frozen=True)
class GroupValue:
    """What a group of concepts is worth, in accuracy, and between which bounds (95 %)."""

    group: str
    concepts: tuple[str, ...]
    value: float
    lower: float
    upper: float
    spare: bool
    """Whether the others read the class as well without it, those left out before it too."""


def group_values(evidence: Evidence, most: int = MOST_GROUPS) -> tuple[GroupValue, ...]:
    """What every group of the concepts' values adds, the largest first; at most `most` groups."""
    groups = grouped(evidence.names, most)
    places = [[evidence.names.index(name) for name in own] for own in groups.values()]
    m = len(places)
    correct: dict[frozenset[int], np.ndarray] = {}
    for size in range(m + 1):
        for subset in combinations(range(m), size):
            columns = [place for i in subset for place in places[i]]
            features = evidence.train.values[:, columns], evidence.val.values[:, columns]
            correct[frozenset(subset)] = evidence.correct(*features).astype(float)
    found, spare = [], _spare(correct, m)
    for i, (group, own) in enumerate(groups.items()):
        added = np.zeros(len(evidence.val.labels))
        for before, without in correct.items():
            if i not in before:
                n = len(before)
                weight = math.factorial(n) * math.factorial(m - n - 1) / math.factorial(m)
                added += weight * (correct[before | {i}] - without)
        value, half = float(added.mean()), _half(added)
        found.append(GroupValue(group, own, value, value - half, value + half, i in spare))
    return tuple(sorted(found, key=lambda group: -group.value))


def _spare(correct: Mapping[frozenset[int], np.ndarray], m: int) -> set[int]:
    """Groups left out one after the other, that with the least loss first, while no loss shows."""
    left = frozenset(range(m))
    while left:
        losses = {i: correct[left] - correct[left - {i}] for i in left}
        least = min(losses, key=lambda i: float(losses[i].mean()))
        if float(losses[least].mean()) > _half(losses[least]):
            break
        left -= {least}
    return set(range(m)) - left


def _half(values: np.ndarray) -> float:
    """Half the 95 % interval of a mean over images."""
    return Z * float(values.std(ddof=1)) / math.sqrt(len(values))


def grouped(names: tuple[str, ...], most: int) -> dict[str, tuple[str, ...]]:
    """Group -> its concepts, at most so many: the two smallest are put together until there are."""
    groups: dict[str, tuple[str, ...]] = {}
    for name in names:
        groups[group_of(name)] = (*groups.get(group_of(name), ()), name)
    if len(groups) == 1:
        groups = {name: (name,) for name in names}
    while len(groups) > most:
        first, second = sorted(groups, key=lambda group: len(groups[group]))[:2]
        both = groups.pop(first) + groups.pop(second)
        groups[f"{first}+{second}"] = both
    return groups
