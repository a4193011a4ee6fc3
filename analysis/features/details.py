"""Latents one by one, in all detail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analysis.features.feature import FeatureDetail, FeatureTable
from trainables.dataset import Dataset
from trainables.feature_model import FeatureModel

# Called with the share of the work that is done, in [0, 1].
Progress = Callable[[float], None]


def feature_details(
    model: FeatureModel,
    table: FeatureTable,
    data: Dataset,
    latents: Sequence[int],
    *,
    progress: Progress = lambda _: None,
    seed: int = 0,
) -> Iterator[FeatureDetail]:
    """The given latents of the table's model, in the order given, on the table's split of `data`."""
    raise NotImplementedError
