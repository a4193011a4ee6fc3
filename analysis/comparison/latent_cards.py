"""What is shown of one latent beside its counterpart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from analysis.features.feature import FeatureTable
from analysis.features.observed import Observed
from analysis.pages.tile_sheet import Tile, TileSheet
from trainables.metrics.top_images import TopImages
from trainables.pictures.colour import ink, limit_of, signed

N_TOP = 6


@dataclass(frozen=True)
class TopImage:
    """One of the images on which a latent fires most."""

    tile: Tile
    caption: str


@dataclass(frozen=True)
class LatentCard:
    """Pictures and figures of one latent. `top` is what it fires on most."""

    latent: int
    label: str
    template: Tile
    mean_image: Tile
    top: tuple[TopImage, ...]
    density: float
    purity: float
    purity_null: float


class CardMaker:
    """Makes cards of one side's latents; pictures go to sheets that both sides share."""

    def __init__(
        self, side: str, observed: Observed, table: FeatureTable, pictures: TileSheet, digits: TileSheet
    ) -> None:
        self._side = side
        self._observed = observed
        self._table = table
        self._pictures = pictures
        self._digits = digits

    def cards(self, latents: Sequence[int], *, top: int = N_TOP) -> dict[int, LatentCard]:
        """A card of each of `latents`, with its `top` images."""
        if not latents:
            return {}
        _, codes = self._observed.columns(torch.tensor(latents, device=self._observed.device))
        found = TopImages(max(1, top), len(codes), codes.device)
        found.update(codes)
        rows, fires = found.images().cpu().numpy(), found.positive().cpu().numpy()
        values = codes.cpu().numpy()
        return {
            latent: self._card(latent, rows[fires[:, i], i][:top], values[:, i])
            for i, latent in enumerate(latents)
        }

    def _card(self, latent: int, rows: np.ndarray, codes: np.ndarray) -> LatentCard:
        table = self._table
        template = table.templates[latent]
        mean = ink(table.mean_images[latent] / (limit_of(table.mean_images[latent]) or 1.0))
        return LatentCard(
            latent,
            table.labels[latent],
            self._pictures.add((self._side, latent), signed(template, limit_of(template))),
            self._digits.add((self._side, latent), mean),
            tuple(self._top_image(int(row), float(codes[row])) for row in rows),
            float(table.density[latent]),
            float(table.purity[latent]),
            float(table.purity_null[latent]),
        )

    def _top_image(self, row: int, code: float) -> TopImage:
        """Images of the split are the same on both sides and stored once."""
        label = self._table.class_names[int(self._observed.labels[row])]
        image = self._observed.images[row].cpu().numpy()
        return TopImage(self._digits.add(row, ink(image)), f"{label}, activation {code:.3g}, image {row}")
