"""What two trials see in the same images: before and after, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from analysis.comparison.sides import Side
from analysis.features.feature import FeatureTable
from analysis.features.observed import Observed
from analysis.pages.tile_sheet import Tile, TileSheet
from trainables.pictures.colour import ink, limit_of

IMAGES = 8
LATENTS = 4


@dataclass(frozen=True)
class SeenLatent:
    """A latent that fires on an image: the mean of its own strongest images, and how strongly it fires."""

    latent: int
    label: str
    tile: Tile
    share: float
    """Its code, of the largest that it has on the split."""


@dataclass(frozen=True)
class SeenSide:
    """What one trial makes of an image: its answer, how many latents fire, and which write most."""

    answer: str
    right: bool
    firing: int
    latents: tuple[SeenLatent, ...]


@dataclass(frozen=True)
class SameImage:
    """One image, seen by both."""

    tile: Tile
    label: str
    first: SeenSide
    second: SeenSide


def same_images(
    seen: tuple[Observed, Observed], tables: tuple[FeatureTable, FeatureTable], sheet: TileSheet
) -> tuple[SameImage, ...]:
    """The first image of each of up to 8 classes; of each trial the 4 latents that write most into its hidden
    layer, by z_j |d_j|."""
    labels = seen[0].labels.cpu().numpy()
    rows = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)[:IMAGES]]
    return tuple(
        SameImage(
            sheet.add(("image", row), ink(seen[0].images[row].cpu().numpy())),
            tables[0].class_names[labels[row]],
            *(_side(str(place), side, tables[place], row, sheet) for place, side in enumerate(seen)),
        )
        for row in rows
    )


@torch.no_grad()
def _side(name: str, side: Observed, table: FeatureTable, row: int, sheet: TileSheet) -> SeenSide:
    z = torch.nan_to_num(side.model.encode(side.h[row : row + 1])[1][0])
    written = z * torch.nan_to_num(side.decoder.norm(dim=1))
    firing = int((z > 0).sum())
    answer = int(side.logits[row].argmax())
    return SeenSide(
        table.class_names[answer],
        answer == int(side.labels[row]),
        firing,
        tuple(
            SeenLatent(
                j,
                table.labels[j],
                sheet.add((name, j), _darkest(table.strongest_images[j])),
                float(z[j]) / max(1e-12, float(table.max_activation[j])),
            )
            for j in written.topk(min(LATENTS, len(z))).indices.tolist()
            if float(z[j]) > 0
        ),
    )


def _darkest(image: np.ndarray) -> np.ndarray:
    """A mean of images in ink that is black where it is darkest."""
    return ink(image / (limit_of(image) or 1.0))


def in_words(side: Side, seen: SeenSide) -> str:
    """What a side makes of an image, for who does not see it."""
    latents = ", ".join(f"{it.latent} ({it.label})" for it in seen.latents)
    return f"{side.name} answers {seen.answer}; {seen.firing} latents fire, most of all {latents or 'none'}"
