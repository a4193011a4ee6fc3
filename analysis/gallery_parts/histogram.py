"""How strongly a feature fires, as the shape of its activations above 0; counts are on a log scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.pages.page import figure

WIDTH = 400
HEIGHT = 120


@dataclass(frozen=True)
class Histogram:
    """Paths in a box of WIDTH x HEIGHT, y downwards; ticks as (place, text)."""

    all_classes: str
    top_class: str
    top_class_name: str
    x_ticks: tuple[tuple[int, str], ...]
    y_ticks: tuple[tuple[int, str], ...]
    description: str


def histogram(detail: FeatureDetail, table: FeatureTable) -> Histogram | None:
    """None if the feature never fires. Bars have height log(1 + count); those of the top class lie before."""
    counts = detail.histogram.sum(axis=0)
    highest, total = int(counts.max(initial=0)), int(counts.sum())
    edges = np.asarray(detail.edges, dtype=np.float64)
    if highest == 0 or not np.isfinite(edges).all():
        return None
    top = int(table.top_class[detail.latent])
    name = table.class_names[top] if top >= 0 else ""
    of_top = detail.histogram[top] if top >= 0 else np.zeros_like(counts)
    return Histogram(
        _bars(counts, highest),
        _bars(of_top, highest),
        name,
        tuple(
            (round(WIDTH * part), figure(edges[0] + part * (edges[-1] - edges[0]))) for part in (0, 0.5, 1)
        ),
        tuple((HEIGHT - _height(count, highest), str(count)) for count in _decades(highest)),
        f"Histogram of {total} activations above 0, from {figure(edges[0])} to {figure(edges[-1])}; the "
        f"fullest of {len(counts)} bins has {highest}",
    )


def _bars(counts: np.ndarray, highest: int) -> str:
    """One closed path along the tops of the bars."""
    step = WIDTH / len(counts)
    path, level = f"M0 {HEIGHT}", HEIGHT
    for i, count in enumerate(counts.tolist()):
        y = HEIGHT - _height(count, highest)
        if y != level:
            path += f"H{round(i * step)}V{y}"
            level = y
    return f"{path}H{WIDTH}V{HEIGHT}z"


def _height(count: int, highest: int) -> int:
    return round(HEIGHT * math.log1p(count) / math.log1p(highest))


def _decades(highest: int) -> list[int]:
    return [10**power for power in range(len(str(highest)))]
