"""The six latents that stand on top of a gallery, each with a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from analysis.features.feature import FeatureTable
from analysis.gallery_parts.index_view import COLUMNS, most_readable

SHOWN = 6
# Of one class: six views of the 0 would say little of the dictionary.
OF_A_CLASS = 2


@dataclass(frozen=True)
class Exhibit:
    """A latent: its place on the sheets, its sentence, and what the validity card calls it."""

    latent: int
    x: int
    y: int
    label: str
    tier: str | None
    sentence: str


def exhibited(table: FeatureTable, among: Collection[int]) -> list[int]:
    """The most readable latents of `among` that fire, at most two of a class while there are others."""
    living = [j for j in most_readable(table) if j in set(among) and table.density[j] > 0]
    taken: Counter[int] = Counter()
    first: list[int] = []
    for j in living:
        if taken[int(table.top_class[j])] < OF_A_CLASS:
            taken[int(table.top_class[j])] += 1
            first.append(j)
    rest = [j for j in living if j not in set(first)]
    chosen = set([*first, *rest][:SHOWN])
    return [j for j in living if j in chosen]


def exhibit(table: FeatureTable, latent: int, sentence: str) -> Exhibit:
    """Put one latent on top of the gallery, with the sentence that its own page has."""
    h, w = table.image_shape
    return Exhibit(
        latent,
        latent % COLUMNS * w,
        latent // COLUMNS * h,
        table.labels[latent],
        table.verdicts[latent].tier if table.verdicts else None,
        sentence,
    )
