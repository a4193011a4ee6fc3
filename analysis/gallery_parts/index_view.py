"""The contact sheet of all latents: a window on two pictures each, and figures to sort and filter by."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from analysis.features.feature import TIERS, FeatureTable
from analysis.features.sentence import percent
from analysis.gallery_parts.prints import Sheet, darkest_ink, each_by_its_own, sheet_of
from analysis.pages.page import figure

COLUMNS = 32
STRIP_TILES = 16
SORTS = (
    ("purity", "purity of the 50 strongest, above chance"),
    ("number", "number"),
    ("density", "density"),
    ("max", "max activation"),
    ("effect", "ablation effect"),
)
BY_CARD = ("readable", "most readable")


@dataclass(frozen=True)
class IndexRow:
    """A latent: its place on the sheets, what it is called, and whether it is dead or silent."""

    latent: int
    x: int
    y: int
    label: str
    dim: bool


@dataclass(frozen=True)
class IndexView:
    """The whole sheet, the most readable latents first. `json` holds the figures as columns, by number, for
    the page's script; the first of `sorts` is the order of the rows. `tiers` is empty without a card."""

    rows: tuple[IndexRow, ...]
    tile: tuple[int, int]
    class_names: tuple[str, ...]
    sorts: tuple[tuple[str, str], ...]
    tiers: tuple[str, ...]
    summary: tuple[tuple[str, str, str], ...]
    json: Markup


def index_view(table: FeatureTable) -> IndexView:
    """All latents, by `most_readable`."""
    h, w = table.image_shape
    rows = tuple(
        IndexRow(j, j % COLUMNS * w, j // COLUMNS * h, table.labels[j], not table.density[j] > 0)
        for j in most_readable(table)
    )
    carded = bool(table.verdicts)
    return IndexView(
        rows,
        (w, h),
        table.class_names,
        (BY_CARD, *SORTS) if carded else SORTS,
        TIERS if carded else (),
        summary(table),
        _columns(table),
    )


def most_readable(table: FeatureTable) -> list[int]:
    """All latents, best first: by tier and margin of the validity card, then by purity above chance; the
    lower number first where all is equal."""
    above = np.nan_to_num(_purity_above(table), nan=-np.inf)
    keys = [(-1.0, float(above[j]), -j) for j in range(len(table))]
    for j, verdict in enumerate(table.verdicts):
        if verdict.place is not None:
            keys[j] = (verdict.place, float(above[j]), -j)
    return sorted(range(len(table)), key=keys.__getitem__, reverse=True)


def summary(table: FeatureTable) -> tuple[tuple[str, str, str], ...]:
    """Name, value and explanation of the figures that stand at the head of the page."""
    alive = ~table.dead
    density = table.density[alive]
    told = [
        ("latents", str(len(table)), f"{int(table.dead.sum())} dead, {int(table.dense.sum())} dense"),
        ("L0", figure(float(table.density.sum())), f"fire on a {table.split} image"),
        ("density", percent(float(np.median(density))) if len(density) else "–", "median of the living"),
    ]
    if np.isfinite(table.purity).any():
        chance = figure(float(np.nanmean(table.purity_null)))
        told.append(
            ("purity of the 50 strongest", figure(float(np.nanmean(table.purity))), f"chance {chance}")
        )
    if table.verdicts:
        of = [sum(verdict.tier == tier for verdict in table.verdicts) for tier in TIERS]
        told.append(("supported", str(of[3]), f"{of[2]} more suggestive, {of[1]} proposed"))
    return tuple(told)


def templates_sheet(table: FeatureTable) -> Sheet:
    """Templates in the order of their numbers; one blank tile if there is no latent."""
    return _sheet(each_by_its_own(table.templates), table)


def strongest_sheet(table: FeatureTable) -> Sheet:
    """The means of the strongest images in ink, in the order of the latents' numbers."""
    return _sheet(darkest_ink(table.strongest_images), table)


def _sheet(tiles: np.ndarray, table: FeatureTable) -> Sheet:
    return sheet_of(tiles if len(tiles) else np.full((1, *table.image_shape), 255, np.uint8), COLUMNS)


def influence(table: FeatureTable) -> np.ndarray:
    """density x ablation effect (f,): how much a latent moves the logits over all images; 0 for NaN."""
    return np.nan_to_num(table.density * table.ablation_effect, nan=0.0, posinf=0.0, neginf=0.0)


def strip(table: FeatureTable) -> Sheet:
    """The 16 most readable latents by their strongest images, in two rows; blank where there are fewer."""
    tiles = np.full((STRIP_TILES, *table.image_shape), 255, dtype=np.uint8)
    best = most_readable(table)[:STRIP_TILES]
    tiles[: len(best)] = darkest_ink(table.strongest_images[best])
    apart = np.pad(tiles, ((0, 0), (1, 1), (1, 1)), constant_values=255)
    return sheet_of(apart, STRIP_TILES // 2)


def _purity_above(table: FeatureTable) -> np.ndarray:
    return np.asarray(table.purity, dtype=np.float64) - np.asarray(table.purity_null, dtype=np.float64)


def _columns(table: FeatureTable) -> Markup:
    labels = list(dict.fromkeys(table.labels))
    columns = {
        "order": most_readable(table),
        "density": _short(table.density),
        "max": _short(table.max_activation),
        "purity": _short(_purity_above(table)),
        "effect": _short(table.ablation_effect),
        "class": table.top_class.tolist(),
        "dead": np.flatnonzero(table.dead).tolist(),
        "dense": np.flatnonzero(table.dense).tolist(),
        "label": [labels.index(label) for label in table.labels],
        "labels": labels,
    }
    if table.verdicts:
        columns["tier"] = [None if v.tier is None else TIERS.index(v.tier) for v in table.verdicts]
        columns["tiers"] = list(TIERS)
    text = json.dumps(columns, separators=(",", ":"), allow_nan=False)
    # Inside <script>, text from a run must not be able to end the element.
    return Markup(text.replace("<", "\\u003c"))


def _short(values: np.ndarray) -> list[float | None]:
    """Three significant digits; None for NaN and infinity, which JSON has not."""
    return [float(f"{value:.3g}") if np.isfinite(value) else None for value in values.tolist()]
