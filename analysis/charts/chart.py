"""A picture as SVG that is fluid in a page and stands alone in a file.

Marks are placed in percent of the plot area and text keeps its size in pixels, so that a chart is as
readable at 375 pixels as at 1440: nothing is scaled. Colours and strokes come from charts.css by class
names; a page defines the variables, a file on its own carries the style sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from markupsafe import Markup

from analysis.charts.tag import joined, percent, tag

Margins = Literal["axes", "bare"]
# Left, top, right, bottom in pixels; charts.css has the same as padding of .chart-axes and .chart-bare.
MARGINS: dict[Margins, tuple[int, int, int, int]] = {"axes": (52, 34, 16, 46), "bare": (8, 8, 8, 8)}


@dataclass(frozen=True)
class Chart:
    """One picture: its marks, the height of its plot area in pixels, and what it shows in a sentence."""

    description: str
    marks: Markup
    height: int = 260
    margins: Margins = "axes"

    def inline(self) -> Markup:
        """The chart as part of a page."""
        svg = tag(
            "svg",
            self.marks,
            class_="plot",
            role="group",
            aria_label=self.description,
            width="100%",
            height=self.height,
            overflow="visible",
        )
        return tag("div", svg, class_=f"chart chart-{self.margins}")

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.standalone()

    def standalone(self, width: int = 720) -> str:
        """The chart as the text of an SVG file, light or dark as the viewer prefers."""
        left, top, right, bottom = MARGINS[self.margins]
        full = top + self.height + bottom
        plot = tag(
            "svg",
            self.marks,
            class_="plot",
            x=left,
            y=top,
            width=width - left - right,
            height=self.height,
            overflow="visible",
        )
        document = tag(
            "svg",
            tag("title", self.description),
            tag("style", Markup(style_sheet())),
            tag("rect", class_="paper", width=width, height=full),
            plot,
            xmlns="http://www.w3.org/2000/svg",
            width=width,
            height=full,
            viewBox=f"0 0 {width} {full}",
            class_="chart-file",
        )
        return f"{document}\n"


@cache
def style_sheet() -> str:
    """charts.css, which pages that show charts put into their style."""
    return (Path(__file__).parent / "charts.css").read_text(encoding="utf-8")


def path_layer(*paths: Markup) -> Markup:
    """Lines and areas whose coordinates run from 0 to 100 in both directions, stretched over the plot.

    Strokes keep their width (`vector-effect` in charts.css).
    """
    return tag(
        "svg",
        *paths,
        class_="stretched",
        width="100%",
        height="100%",
        viewBox="0 0 100 100",
        preserveAspectRatio="none",
        overflow="visible",
    )


def path_data(points: list[tuple[float, float]], *, closed: bool = False) -> str:
    """`M x,y L x,y ...` for shares (x from the left, y from the bottom)."""
    steps = [f"{_short(100 * x)},{_short(100 - 100 * y)}" for x, y in points]
    return f"M{'L'.join(steps)}{'Z' if closed else ''}" if steps else ""


def dot(x: float, y: float, radius: float, class_: str, trial: int | None = None, title: str = "") -> Markup:
    """A circle at shares (x, y); `trial` links it with the other marks of that trial."""
    inside = [tag("title", title)] if title else []
    return tag(
        "circle",
        *inside,
        class_=class_,
        cx=percent(x),
        cy=percent(1 - y),
        r=radius,
        data_trial=None if trial is None else str(trial),
    )


def label(
    text: str, x: float, y: float, class_: str = "label", dx: float = 0, dy: float = 0, anchor: str = "start"
) -> Markup:
    """Text at shares (x, y), moved by (dx, dy) pixels."""
    return tag(
        "text",
        text,
        class_=class_,
        x=percent(x),
        y=percent(1 - y),
        dx=dx or None,
        dy=dy or None,
        text_anchor=None if anchor == "start" else anchor,
    )


def level_line(share: float, text: str, *, axis: Literal["x", "y"]) -> Markup:
    """A dashed line across the plot at a value that means something, chance above all, with its name."""
    place = percent(share if axis == "x" else 1 - share)
    if axis == "y":
        line = tag("line", class_="chance", x1="0%", x2="100%", y1=place, y2=place)
        return joined(line, label(text, 0, share, "chance-label", 5, -5))
    line = tag("line", class_="chance", y1="0%", y2="100%", x1=place, x2=place)
    return joined(line, label(text, share, 1, "chance-label", *((-5, 12, "end") if share > 0.5 else (5, 12))))


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
