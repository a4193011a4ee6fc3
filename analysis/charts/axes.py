"""Axes of a plot: hair lines, ticks, and a name that says which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from analysis.charts.chart import label, level_line
from analysis.charts.scale import Scale
from analysis.charts.tag import joined, percent, tag

Better = Literal["max", "min"]
X_ARROWS = {"max": " →", "min": " ←"}
Y_ARROWS = {"max": " ↑", "min": " ↓"}
HINTS = {"max": "more is better", "min": "less is better"}
LONGEST_LABEL = 9
"""Characters of a category's name that fit under a narrow plot."""


@dataclass(frozen=True)
class Axis:
    """A named scale; `better` puts an arrow beside the name."""

    name: str
    scale: Scale
    better: Better | None = None
    chance: float | None = None
    """Chance level, drawn as a dashed line."""


def axes(x: Axis, y: Axis) -> Markup:
    """Both axes of a plot; the y axis is named above it, so that nothing has to be read sideways."""
    return joined(_x_axis(x), _y_axis(y))


def _x_axis(axis: Axis) -> Markup:
    ticks = axis.scale.ticks()
    # Names that could not stand side by side on a narrow screen stand on two lines in turn.
    crowded = sum(min(len(text), LONGEST_LABEL) for _, text in ticks) > 44
    parts = [tag("line", class_="axis", x1="0%", x2="100%", y1="100%", y2="100%")]
    for place, (share, text) in enumerate(ticks):
        where = percent(share)
        parts.append(tag("line", class_="tick", x1=where, x2=where, y1="0%", y2="100%"))
        drop = 27 if crowded and place % 2 else 15
        parts.append(label(shortened(text), share, 0, "tick-label", 0, drop, "middle"))
    parts.append(label(f"{axis.name}{X_ARROWS.get(axis.better or '', '')}", 0, 0, "axis-name", 0, 40))
    if axis.better:
        parts.append(label(HINTS[axis.better], 1, 0, "axis-hint", 0, 40, "end"))
    return joined(*parts, _chance(axis, "x"))


def _y_axis(axis: Axis) -> Markup:
    parts = []
    for share, text in axis.scale.ticks():
        where = percent(1 - share)
        parts.append(tag("line", class_="tick", x1="0%", x2="100%", y1=where, y2=where))
        parts.append(label(shortened(text), 0, share, "tick-label", -8, 4, "end"))
    parts.append(label(f"{axis.name}{Y_ARROWS.get(axis.better or '', '')}", 0, 1, "axis-name", -44, -16))
    if axis.better:
        parts.append(label(HINTS[axis.better], 1, 1, "axis-hint", 0, -16, "end"))
    return joined(*parts, _chance(axis, "y"))


def _chance(axis: Axis, direction: Literal["x", "y"]) -> Markup:
    share = None if axis.chance is None else axis.scale.share(axis.chance)
    if share is None or not 0 <= share <= 1:
        return Markup("")
    return level_line(share, "chance", axis=direction)


def shortened(text: str, most: int = LONGEST_LABEL) -> str:
    """The text, cut to so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
