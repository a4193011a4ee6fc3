"""Parallel coordinates that lie: one horizontal axis a parameter, trials as lines from top to bottom.

Lying axes leave room for names and ticks on a narrow screen, however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.charts.axes import Axis
from analysis.charts.chart import Chart, path_data, path_layer
from analysis.charts.fate import ORDER, Fate
from analysis.charts.scale import Value
from analysis.charts.tag import joined, percent, tag

ROW = 62
TOP = 26


@dataclass(frozen=True)
class Line:
    """One trial's value on each axis that it has; axis by name."""

    trial: int
    fate: Fate
    values: Mapping[str, Value]
    title: str


def parallel(drawn: Sequence[Line], shown: Sequence[Axis], *, description: str) -> Chart:
    """A line skips the axes of which its trial has no value, as inactive parameters."""
    height = ROW * (len(shown) - 1) + TOP + 22
    ordered = [line for fate in ORDER for line in drawn if line.fate == fate]
    lines = path_layer(*(_line(line, shown, height) for line in ordered))
    rows = [_axis(axis, TOP + place * ROW) for place, axis in enumerate(shown)]
    return Chart(description, joined(lines, *rows), height, "bare")


def _line(line: Line, shown: Sequence[Axis], height: int) -> Markup:
    places = [
        (share, 1 - (TOP + place * ROW) / height)
        for place, axis in enumerate(shown)
        if axis.name in line.values and (share := axis.scale.share(line.values[axis.name])) is not None
    ]
    return tag(
        "path",
        tag("title", line.title),
        class_=f"curve {line.fate}",
        d=path_data(places),
        data_trial=str(line.trial),
    )


def _axis(axis: Axis, y: float) -> Markup:
    parts = [
        tag("line", class_="axis", x1="0%", x2="100%", y1=y, y2=y),
        tag("text", axis.name, class_="axis-name halo", x=0, y=y - 9),
    ]
    for share, text in axis.scale.ticks():
        place = percent(share)
        parts.append(tag("line", class_="notch", x1=place, x2=place, y1=y - 3, y2=y + 3))
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else "middle"
        parts.append(tag("text", text, class_="tick-label halo", x=place, y=y + 16, text_anchor=anchor))
    return joined(*parts)
