"""What a report is made of: sections of paragraphs, tables, pictures and commands.

The page and its Markdown twin are both written from these, so that they cannot tell different things.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from analysis.charts.chart import Chart

Legend = tuple[tuple[str, str], ...]
"""(class of a mark, what it means) each."""
Kind = Literal["plain", "strong", "code", "dim", "good", "bad"]


@dataclass(frozen=True)
class Span:
    """A stretch of text; `href` makes it a link, `trial` links it with the marks of that trial."""

    text: str
    kind: Kind = "plain"
    href: str | None = None
    trial: int | None = None


@dataclass(frozen=True)
class Paragraph:
    """Spans in a row, to be read as they stand."""

    spans: tuple[Span, ...]
    kind: Literal["text", "lead", "note", "warning"] = "text"


@dataclass(frozen=True)
class Items:
    """Paragraphs of equal standing."""

    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class Cell:
    """One cell; `sort` is what the column is sorted by, `picture` stands in the page only."""

    spans: tuple[Span, ...]
    sort: float | str | None = None
    picture: Markup | None = None


@dataclass(frozen=True)
class Column:
    """A heading, on one or two lines; numbers are set right."""

    heading: str
    detail: str = ""
    numeric: bool = False
    picture: bool = False
    """Holds pictures, which Markdown leaves out."""


@dataclass(frozen=True)
class Table:
    """Rows under headings. `caption` says what they are."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sortable: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture with its caption; `name` is that of its file beside the Markdown."""

    name: str
    chart: Chart
    caption: str = ""
    legend: Legend = ()


@dataclass(frozen=True)
class Figures:
    """Small pictures side by side, with one legend for all."""

    figures: tuple[Figure, ...]
    legend: Legend = ()


@dataclass(frozen=True)
class Photo:
    """A PNG file's bytes under a caption; `name` is that of its file beside the Markdown."""

    name: str
    png: bytes
    description: str
    caption: str


@dataclass(frozen=True)
class Photos:
    """PNGs side by side; of tall ones the page shows the top, and the rest on demand."""

    photos: tuple[Photo, ...]


@dataclass(frozen=True)
class Commands:
    """Shell commands, each with what it is for."""

    commands: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Folded:
    """Blocks that the page shows on demand."""

    summary: str
    blocks: tuple[Block, ...]


Block = Paragraph | Items | Table | Figure | Figures | Photos | Commands | Folded


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; `id` is its anchor."""

    id: str
    title: str
    blocks: tuple[Block, ...] = field(default=())


def say(*parts: str | Span, kind: Literal["text", "lead", "note", "warning"] = "text") -> Paragraph:
    """A paragraph of plain text and spans."""
    return Paragraph(spans(*parts), kind)


def spans(*parts: str | Span) -> tuple[Span, ...]:
    """Plain text and spans as spans."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts if part)


def strong(text: str) -> Span:
    """A span of text that stands out."""
    return Span(text, "strong")


def code(text: str) -> Span:
    """A name or a setting."""
    return Span(text, "code")


def cell(*parts: str | Span, sort: float | str | None = None, picture: Markup | None = None) -> Cell:
    """A table's cell of plain text and spans."""
    return Cell(spans(*parts), sort, picture)


def listed(names: Sequence[str | Span], last: str = "and") -> list[str | Span]:
    """`a, b and c`, as parts of a paragraph; without `last` a plain enumeration."""
    parts: list[str | Span] = []
    for place, name in enumerate(names):
        if place:
            parts.append(f" {last} " if last and place == len(names) - 1 else ", ")
        parts.append(name)
    return parts
