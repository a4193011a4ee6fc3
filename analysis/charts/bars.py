"""Shares of a whole as horizontal bars, the name above each so that it may be long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.charts.chart import Chart
from analysis.charts.tag import joined, percent, tag

BAR = 8


@dataclass(frozen=True)
class Bar:
    """A name with one value a series, each between 0 and 1."""

    name: str
    values: tuple[float | None, ...]
    chance: tuple[float | None, ...] = ()
    """What chance alone reaches, a series each; nothing where it is not known."""


def bars(rows: Sequence[Bar], series: Sequence[str], *, description: str) -> Chart:
    """A group of thin bars a row, the values beside the name in the order of `series`; a line at chance."""
    parts = []
    height = 22 + (BAR + 3) * len(series) + 10
    known = [value for row in rows for value in (*row.values, *row.chance) if value is not None]
    largest = max(known, default=1.0) or 1.0
    for place, row in enumerate(rows):
        top = place * height
        told = " · ".join("–" if value is None else f"{value:.2f}" for value in row.values)
        parts.append(tag("text", row.name, class_="bar-name", x=0, y=top + 14))
        parts.append(tag("text", told, class_="bar-value", x="100%", y=top + 14, text_anchor="end"))
        for number, value in enumerate(row.values):
            y = top + 22 + number * (BAR + 3)
            parts.append(tag("rect", class_="bar-track", x=0, y=y, width="100%", height=BAR, rx=2))
            if value is not None and value > 0:
                parts.append(_bar(number, value / largest, y, f"{row.name}: {series[number]} {value:.3f}"))
            chance = row.chance[number] if number < len(row.chance) else None
            if chance is not None:
                parts.append(
                    _mark(chance / largest, y, f"{row.name}: {series[number]} by chance {chance:.3f}")
                )
    legend_y = len(rows) * height + 12
    for number, name in enumerate(series):
        left = number / len(series)
        swatch = tag(
            "rect",
            class_=f"bar series-{number + 1}",
            x=percent(left),
            y=legend_y - 9,
            width=10,
            height=8,
            rx=2,
        )
        parts += [swatch, tag("text", name, class_="label", x=percent(left), y=legend_y, dx=16)]
    return Chart(description, joined(*parts), legend_y + 4, "bare")


def _bar(series: int, share: float, y: float, title: str) -> Markup:
    return tag(
        "rect",
        tag("title", title),
        class_=f"bar series-{series + 1}",
        x=0,
        y=y,
        width=percent(share),
        height=BAR,
        rx=2,
    )


def _mark(share: float, y: float, title: str) -> Markup:
    return tag(
        "line",
        tag("title", title),
        class_="bar-chance",
        x1=percent(share),
        x2=percent(share),
        y1=y - 1,
        y2=y + BAR + 1,
    )
