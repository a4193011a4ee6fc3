"""The contact sheet of all latents: one window on one picture each, and the figures to sort and filter by."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from analysis.features.feature import TIERS, FeatureTable
from analysis.gallery_parts.prints import Sheet, each_by_its_own, sheet_of

COLUMNS = 32
STRIP_TILES = 16
SORTS = (
    ("number", "number"),
    ("density", "density"),
    ("max", "max activation"),
    ("purity", "purity above chance"),
    ("effect", "ablation effect"),
)
BY_TIER = ("tier", "validity card")


@dataclass(frozen=True)
class IndexRow:
    """A latent: its place on the sheet of templates, and whether it is dead or silent."""

    latent: int
    x: int
    y: int
    dim: bool


@dataclass(frozen=True)
class IndexView:
    """The whole sheet. `json` holds the figures as columns, for the page's script."""

    rows: tuple[IndexRow, ...]
    tile: tuple[int, int]
    class_names: tuple[str, ...]
    sorts: tuple[tuple[str, str], ...]
    json: Markup


def index_view(table: FeatureTable) -> IndexView:
    """All latents by number."""
    h, w = table.image_shape
    rows = tuple(
        IndexRow(j, j % COLUMNS * w, j // COLUMNS * h, not table.density[j] > 0) for j in range(len(table))
    )
    sorts = (*SORTS, BY_TIER) if table.verdicts else SORTS
    return IndexView(rows, (w, h), table.class_names, sorts, _columns(table))


def templates_sheet(table: FeatureTable) -> Sheet:
    """Templates in the order of their numbers; one blank tile if there is no latent."""
    tiles = each_by_its_own(table.templates)
    return sheet_of(tiles if len(tiles) else np.full((1, *table.image_shape), 255, np.uint8), COLUMNS)


def influence(table: FeatureTable) -> np.ndarray:
    """density x ablation effect (f,): how much a latent moves the logits over all images; 0 for NaN."""
    return np.nan_to_num(table.density * table.ablation_effect, nan=0.0, posinf=0.0, neginf=0.0)


def strip(table: FeatureTable) -> Sheet:
    """The 16 latents that move the logits most, in two rows; blank where there are fewer."""
    tiles = np.full((STRIP_TILES, *table.image_shape, 3), 255, dtype=np.uint8)
    strongest = np.argsort(-influence(table), kind="stable")[:STRIP_TILES]
    tiles[: len(strongest)] = each_by_its_own(table.templates[strongest])
    apart = np.pad(tiles, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=255)
    return sheet_of(apart, STRIP_TILES // 2)


def _columns(table: FeatureTable) -> Markup:
    labels = list(dict.fromkeys(table.labels))
    above = np.asarray(table.purity, dtype=np.float64) - np.asarray(table.purity_null, dtype=np.float64)
    columns = {
        "density": _short(table.density),
        "max": _short(table.max_activation),
        "purity": _short(above),
        "effect": _short(table.ablation_effect),
        "class": table.top_class.tolist(),
        "dead": np.flatnonzero(table.dead).tolist(),
        "dense": np.flatnonzero(table.dense).tolist(),
        "label": [labels.index(label) for label in table.labels],
        "labels": labels,
    }
    if table.verdicts:
        columns["tier"] = [None if v.tier is None else TIERS.index(v.tier) for v in table.verdicts]
    text = json.dumps(columns, separators=(",", ":"), allow_nan=False)
    # Inside <script>, text from a run must not be able to end the element.
    return Markup(text.replace("<", "\\u003c"))


def _short(values: np.ndarray) -> list[float | None]:
    """Three significant digits; None for NaN and infinity, which JSON has not."""
    return [float(f"{value:.3g}") if np.isfinite(value) else None for value in values.tolist()]
