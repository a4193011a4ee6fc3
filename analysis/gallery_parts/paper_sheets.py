"""Contact sheets as PNG files, for a paper or a slide.

contact_sheet.png   every latent's decoder direction in pixels, living ones first, each on its own scale
class_NAME.png      one row for each of up to 12 latents that fire most for the class: its direction, its
                    mean image, then the 8 images on which it fires most under their attribution
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.gallery_parts.index_view import influence
from analysis.gallery_parts.prints import each_by_its_own, ink
from trainables.pictures.colour import limit_of, overlay
from trainables.pictures.contact_sheet import contact_sheet
from trainables.pictures.sprite import png

ROWS = 12
TOP = 8
METHOD = "smooth_grad"
_TILE_PIXELS = 56


def all_latents(table: FeatureTable) -> bytes:
    """Every template with its number below."""
    living = np.argsort(~(table.density > 0), kind="stable")
    tiles = each_by_its_own(table.templates[living])
    columns = max(8, min(32, round(len(table) ** 0.5)))
    return png(contact_sheet(tiles, [str(j) for j in living], columns=columns, factor=_factor(table)))


def chosen_for_class(table: FeatureTable, label: int) -> list[int]:
    """Up to 12 latents whose top class this is, those that move the logits most first."""
    mine = np.flatnonzero(table.top_class == label)
    return mine[np.argsort(-influence(table)[mine], kind="stable")][:ROWS].tolist()


def class_sheet(table: FeatureTable, latents: Sequence[int], details: Mapping[int, FeatureDetail]) -> bytes:
    """One row a latent; `details` has each of them."""
    tiles: list[np.ndarray] = []
    captions: list[str] = []
    for latent in latents:
        row, said = _row(table, details[latent])
        tiles += row
        captions += said
    sheet = contact_sheet(np.stack(tiles), captions, columns=2 + TOP, factor=_factor(table))
    return png(sheet)


def file_name(table: FeatureTable, label: int) -> str:
    """`class_7.png`; a name that is no plain word is replaced by the class's number."""
    name = table.class_names[label]
    return f"class_{name if re.fullmatch('[A-Za-z0-9_-]{1,32}', name) else label}.png"


def _row(table: FeatureTable, detail: FeatureDetail) -> tuple[list[np.ndarray], list[str]]:
    j = detail.latent
    mean = table.mean_images[j]
    row = [each_by_its_own(table.templates[j : j + 1])[0], _rgb(ink(mean / max(1e-12, limit_of(mean))))]
    captions = [f"{j}", "mean"]
    maps = detail.attributions[METHOD][:TOP]
    limit = limit_of(maps)
    for image, values, activation in zip(detail.top.images, maps, detail.top.activations, strict=False):
        row.append(overlay(image, values, limit))
        captions.append(f"{float(activation):.3g}")
    blank = np.full((*table.image_shape, 3), 255, dtype=np.uint8)
    missing = 2 + TOP - len(row)
    return row + [blank] * missing, captions + [""] * missing


def _rgb(grey_tile: np.ndarray) -> np.ndarray:
    return np.repeat(grey_tile[..., None], 3, axis=-1)


def _factor(table: FeatureTable) -> int:
    return max(1, _TILE_PIXELS // max(table.image_shape))
