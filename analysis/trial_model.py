"""A finished trial as a notebook has it: its model to call, and its latents to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import Tensor

    from analysis.features.feature import FeatureTable
    from analysis.gallery_parts.inline import InlineFeature
    from trainables.config import TrialConfig
    from trainables.data.dataset import Dataset
    from trainables.model.feature_model import FeatureModel


class TrialModel:
    """A finished trial's network, basis and SAE; calling it gives the codes of images."""

    def __init__(
        self,
        number: int,
        config: TrialConfig,
        features: FeatureModel,
        meta: Mapping[str, Any],
        data: Callable[[], Dataset],
    ) -> None:
        self.number = number
        self._data = data
        self._tables: dict[str, FeatureTable] = {}
        self.config = config
        self.features = features
        self.meta = meta
        """Of its checkpoint: epoch, rung, metrics, image_shape, n_classes."""

    def __repr__(self) -> str:
        return f"TrialModel({self.number}: {self.config.sae.kind} SAE over {self.config.basis.kind})"

    @property
    def image_shape(self) -> tuple[int, int]:
        """(h, w) of the images that it was trained on."""
        height, width = self.meta["image_shape"]
        return height, width

    def feature(self, latent: int, split: str = "val") -> InlineFeature:
        """What is known of a latent on a split of the run's images, shown in a notebook as its gallery page.

        The first one takes some seconds, for all latents are looked at once. IndexError for a latent that
        there is not; what `Run.data` raises.
        """
        from analysis.features.details import feature_details
        from analysis.gallery_parts.inline import InlineFeature

        table, data = self.table(split), self._data()
        (detail,) = feature_details(self.features, table, data, [latent])
        return InlineFeature(f"trial {self.number:04d}", table, detail)

    def latents(self, split: str = "val") -> pd.DataFrame:
        """One row a latent: how often it fires, its purity beside chance, what the validity card says;
        see `analysis.features.frame.feature_frame`."""
        from analysis.features.frame import feature_frame

        return feature_frame(self.table(split))

    def table(self, split: str = "val") -> FeatureTable:
        """All latents with their pictures; computed once a split."""
        from analysis.features.collect import feature_table

        if split not in self._tables:
            self._tables[split] = feature_table(self.features, self._data(), split=split)
        return self._tables[split]

    def __call__(self, images: Tensor | np.ndarray) -> Tensor:
        """Codes z (b, f) >= 0 of images (b, h, w) in [0, 1], black = 0. ValueError for another shape."""
        import torch

        if images.ndim != 3 or tuple(images.shape[1:]) != self.image_shape:
            height, width = self.image_shape
            raise ValueError(
                f"images must be (b, {height}, {width}), got {tuple(images.shape)}; one alone is images[:1]"
            )
        # A dataset's arrays are read-only, which torch.as_tensor warns of: this copies.
        given = images if isinstance(images, torch.Tensor) else torch.tensor(images)
        with torch.no_grad():
            codes: Tensor = self.features.encode(self.features.hidden(given.float()))[1]
        return codes
