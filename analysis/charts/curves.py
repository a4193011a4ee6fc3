"""A score over the rungs: every trial a line, those that were stopped early dim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.charts.axes import Axis, axes
from analysis.charts.chart import Chart, dot, path_data, path_layer
from analysis.charts.fate import ORDER, Fate
from analysis.charts.tag import joined, tag


@dataclass(frozen=True)
class Curve:
    """Values of one trial at its rungs, from the first."""

    trial: int
    fate: Fate
    places: tuple[tuple[float, float], ...]
    """(rung, value)."""
    title: str


def curves(drawn: Sequence[Curve], x: Axis, y: Axis, *, description: str, height: int = 280) -> Chart:
    """Lines over the rungs, the front above all; a trial stopped early ends in a dot."""
    ordered = [curve for fate in ORDER for curve in drawn if curve.fate == fate]
    placed = [(curve, _shares(curve, x, y)) for curve in ordered]
    lines = [_line(curve, shares) for curve, shares in placed if len(shares) > 1]
    ends = [
        dot(*shares[-1], 2.5, f"end {curve.fate}", curve.trial, curve.title)
        for curve, shares in placed
        if shares
    ]
    layers = [axes(x, y), path_layer(*lines), *ends]
    return Chart(description, joined(*layers), height)


def _shares(curve: Curve, x: Axis, y: Axis) -> list[tuple[float, float]]:
    found = [(x.scale.share(rung), y.scale.share(value)) for rung, value in curve.places]
    # What lies beyond the picture ends at its edge.
    return [(left, min(1.0, max(0.0, up))) for left, up in found if left is not None and up is not None]


def _line(curve: Curve, shares: list[tuple[float, float]]) -> Markup:
    return tag(
        "path",
        tag("title", curve.title),
        class_=f"curve {curve.fate}",
        d=path_data(shares),
        data_trial=str(curve.trial),
    )
