"""The table of all latents of a trial."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.features.feature import FeatureTable
from trainables.dataset import Dataset
from trainables.feature_model import FeatureModel


def feature_table(
    model: FeatureModel,
    data: Dataset,
    *,
    split: str = "val",
    class_names: Sequence[str] | None = None,
    seed: int = 0,
) -> FeatureTable:
    """Every latent of `model`, looked at on the given split of `data` ("train", "val" or "test")."""
    raise NotImplementedError
