"""Points in a plane: trials by two objectives, or by a parameter and an objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.charts.axes import Axis, axes
from analysis.charts.chart import Chart, dot, label, path_data, path_layer
from analysis.charts.fate import ORDER, Fate
from analysis.charts.scale import Bands, Value
from analysis.charts.tag import joined, tag

RADIUS: dict[Fate, float] = {"front": 6, "ranked": 4, "infeasible": 4, "default": 6, "pruned": 3}
# The fractional part of the golden ratio: multiples of it, less their whole parts, never come to lie close.
GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class Point:
    """One trial; `href` makes it a link, `title` is what hovering says."""

    x: Value
    y: Value
    trial: int
    fate: Fate
    title: str
    href: str | None = None
    name: str = ""
    """Written beside the point."""
    leads: bool = False
    """Whether it is on the front, however it looks: the default has a look of its own."""


def scatter(
    points: Sequence[Point],
    x: Axis,
    y: Axis,
    *,
    description: str,
    height: int = 380,
    staircase: bool = False,
) -> Chart:
    """The points over both axes. `staircase` draws the border of what the front dominates.

    On a scale of names points are spread over their band by their trial's number, so that equal values
    can be told apart.
    """
    layers: list[Markup] = [axes(x, y)]
    if staircase:
        layers.append(_staircase([p for p in points if p.leads], x, y))
    placed = [(point, _place(point, x, y)) for fate in ORDER for point in points if point.fate == fate]
    layers += [_mark(point, *place) for point, place in placed if place is not None]
    return Chart(description, joined(*layers), height)


def _place(point: Point, x: Axis, y: Axis) -> tuple[float, float] | None:
    left, up = x.scale.share(point.x), y.scale.share(point.y)
    if left is None or up is None:
        return None
    if isinstance(x.scale, Bands):
        left += (point.trial * GOLDEN % 1 - 0.5) * 0.6 / len(x.scale.names)
    return left, up


def _mark(point: Point, x: float, y: float) -> Markup:
    mark = dot(x, y, RADIUS[point.fate], f"dot {point.fate}", point.trial, point.title)
    if point.name:
        side = (-9, "end") if x > 0.8 else (9, "start")
        mark = joined(mark, label(point.name, x, y, "dot-name", side[0], -8, side[1]))
    if point.href is None:
        return mark
    return tag("a", mark, href=point.href, aria_label=point.title)


def _staircase(front: Sequence[Point], x: Axis, y: Axis) -> Markup:
    """What some trial of the front beats in both objectives, as a pale area under a line of steps."""
    places = [place for point in front if (place := _place(point, x, y)) is not None]
    if x.better is None or y.better is None or not places:
        return Markup("")
    worst_x, worst_y = (0.0 if axis.better == "max" else 1.0 for axis in (x, y))
    # From the best in x to the best in y; each step goes over in y first, so no corner claims too much.
    places.sort(key=lambda place: abs(place[0] - worst_x), reverse=True)
    steps = [(places[0][0], worst_y)]
    for left, up in places:
        steps += [(left, steps[-1][1]), (left, up)]
    steps.append((worst_x, steps[-1][1]))
    area = path_data([*steps, (worst_x, worst_y)], closed=True)
    return path_layer(
        tag("path", class_="beaten", d=area), tag("path", class_="front-line", d=path_data(steps))
    )
