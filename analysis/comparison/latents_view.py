"""The latents of two trials as a page shows them: matched pairs first, then what only one of them has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analysis.comparison.latent_cards import CardMaker, LatentCard
from analysis.comparison.matching import Matching, Pair, match
from analysis.comparison.same_images import SameImage, same_images
from analysis.comparison.sides import Side
from analysis.features.collect import feature_table
from analysis.features.observed import observe, split_of
from analysis.pages.tile_sheet import TileSheet
from trainables.data.dataset import Dataset

# More than anybody looks through, and few enough for a page of some megabytes.
MOST_PAIRS = 256
MOST_ALONE = 96

METHODS = {
    "decoder": "Both trials share one trained classifier, so decoder rows lie in one hidden space: likeness "
    "is their cosine. Chance is the best matching of random directions, as many and in as many dimensions. "
    "SAEs of one study also start from the same random directions, where latents that hardly trained still "
    "lie; so a pair counts only if its activations are correlated too, beyond what sharing a class gives.",
    "correlation": "The trials have classifiers of their own, whose hidden units have nothing in common, so "
    "decoder rows cannot be held against each other: likeness is the correlation of activations over the "
    "same images. Chance is the best matching after the second trial's activations have been dealt out anew "
    "among the images of each class, so that latents share a class and nothing more.",
}


@dataclass(frozen=True)
class PairView:
    """Two latents that are each other's counterpart."""

    pair: Pair
    first: LatentCard
    second: LatentCard


@dataclass(frozen=True)
class LatentsView:
    """All that the page says of latents; of very many pairs, or of latents on one side only, the first."""

    matching: Matching
    how: str
    split: str
    n_images: int
    pairs: tuple[PairView, ...]
    only_first: tuple[LatentCard, ...]
    only_second: tuple[LatentCard, ...]
    same: tuple[SameImage, ...]
    sheets: tuple[TileSheet, ...]

    @property
    def curve(self) -> str:
        """Likeness of the pairs, the most alike first, as points of an SVG line in a box of 100 x 100."""
        values = [pair.likeness for pair in self.matching.pairs]
        last = max(1, len(values) - 1)
        return " ".join(
            f"{100 * i / last:.2f},{100 * (1 - max(0.0, value)):.2f}" for i, value in enumerate(values)
        )

    @property
    def threshold_height(self) -> float:
        """Where chance lies in that box."""
        return 100 * (1 - min(1.0, max(0.0, self.matching.threshold)))


def latents_view(
    first: Side,
    second: Side,
    data: Dataset,
    *,
    split: str = "val",
    progress: Callable[[str], None] = lambda _: None,
) -> LatentsView:
    """Match the latents of two models on one split of their common data, and picture them."""
    images = split_of(data, split)
    models = [side.model.features for side in (first, second)]
    seen = [observe(model, images) for model in models]
    progress("matching latents")
    matching = match(*seen)
    pictures, digits, inks = TileSheet("pictures"), TileSheet("digits"), TileSheet("inks")
    makers, tables = [], []
    for name, side, model, observed in zip("ab", (first, second), models, seen, strict=True):
        progress(f"looking at the latents of {side.name}")
        table = feature_table(model, data, split=split)
        tables.append(table)
        makers.append(CardMaker(name, observed, table, pictures, digits))
    shown = matching.pairs[:MOST_PAIRS]
    one = makers[0].cards([pair.first for pair in shown])
    other = makers[1].cards([pair.second for pair in shown])
    alone = [
        tuple(maker.cards(latents[:MOST_ALONE], top=0).values())
        for maker, latents in zip(makers, (matching.only_first, matching.only_second), strict=True)
    ]
    return LatentsView(
        matching,
        METHODS[matching.method],
        split,
        len(images),
        tuple(PairView(pair, one[pair.first], other[pair.second]) for pair in shown),
        alone[0],
        alone[1],
        same_images((seen[0], seen[1]), (tables[0], tables[1]), inks),
        tuple(sheet for sheet in (pictures, digits, inks) if len(sheet)),
    )
