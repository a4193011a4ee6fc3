"""A report's sections as Markdown; pictures stand in files of their own beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analysis.report_parts.blocks import (
    Block,
    Cell,
    Commands,
    Figure,
    Figures,
    Folded,
    Items,
    Paragraph,
    Photos,
    Section,
    Span,
    Table,
)

PICTURES = "pictures"
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")
# Before the mark that would begin a list or underline a heading.
_LINE_START = re.compile(r"^\d+(?=[.)](\s|$))|^(?=[-+=](\s|$))")


def as_markdown(title: str, question: str, sections: Sequence[Section]) -> str:
    """The whole document, one blank line between blocks."""
    parts = [f"# {escaped(title)}", f"*{escaped(question)}*" if question.strip() else ""]
    for section in sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [text for block in section.blocks for text in _block(block)]
    return "\n\n".join(part for part in parts if part) + "\n"


def pictures(sections: Sequence[Section]) -> dict[str, bytes]:
    """Name of a file -> the SVG document or the PNG in it."""
    found = {
        f"{figure.name}.svg": figure.chart.standalone().encode()
        for section in sections
        for figure in _figures(section.blocks)
    }
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Photos):
                found |= {f"{photo.name}.png": photo.png for photo in block.photos}
    return found


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line: no markup, no HTML, no list."""
    one_line = " ".join(text.split())
    return _LINE_START.sub(r"\g<0>\\", _SPECIAL.sub(r"\\\1", one_line))


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield _paragraph(block)
    elif isinstance(block, Items):
        yield "\n".join(f"- {_spans(paragraph.spans)}" for paragraph in block.paragraphs)
    elif isinstance(block, Table):
        yield _table(block)
    elif isinstance(block, Figure):
        yield _figure(block)
    elif isinstance(block, Figures):
        yield "\n".join(_figure(figure) for figure in block.figures)
    elif isinstance(block, Photos):
        for photo in block.photos:
            yield f"{escaped(photo.caption[:1].upper() + photo.caption[1:])}:"
            yield f"![{escaped(photo.description)}]({PICTURES}/{photo.name}.png)"
    elif isinstance(block, Commands):
        for purpose, command in block.commands:
            yield f"{escaped(purpose[:1].upper() + purpose[1:])}:"
            yield f"    {' '.join(command.split())}"
    else:
        yield f"**{escaped(block.summary)}**"
        for inner in block.blocks:
            yield from _block(inner)


def _paragraph(paragraph: Paragraph) -> str:
    text = _spans(paragraph.spans)
    return f"> {text}" if paragraph.kind == "warning" else text


def _spans(spans: Sequence[Span]) -> str:
    return "".join(_span(span) for span in spans).strip()


def _span(span: Span) -> str:
    # Spaces stand outside the marks: `** a**` is not bold.
    text = span.text.strip()
    before = span.text[: len(span.text) - len(span.text.lstrip())]
    after = span.text[len(span.text.rstrip()) :] if text else ""
    told = _code(text) if span.kind == "code" else escaped(text)
    if span.kind == "strong" and text:
        told = f"**{told}**"
    if span.href is not None and not span.href.startswith("#"):
        told = f"[{told}]({span.href})"
    return f"{before}{told}{after}"


def _code(text: str) -> str:
    """A run of backticks longer than any inside; a bar would end a cell."""
    shown = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}" if shown else ""


def _table(table: Table) -> str:
    kept = [place for place, column in enumerate(table.columns) if not column.picture]
    columns = [table.columns[place] for place in kept]
    heads = [f"{c.heading} ({c.detail})" if c.detail else c.heading for c in columns]
    lines = [
        f"{escaped(table.caption)}:",
        "",
        _row([escaped(head) for head in heads]),
        "|" + "|".join(" ---: " if c.numeric else " --- " for c in columns) + "|",
    ]
    lines += [_row([_cell(row[place]) for place in kept]) for row in table.rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    return _spans(cell.spans)


def _figure(figure: Figure) -> str:
    text = escaped(figure.caption or figure.chart.description)
    return f"![{text}]({PICTURES}/{figure.name}.svg)"


def _figures(blocks: Sequence[Block]) -> Iterator[Figure]:
    for block in blocks:
        if isinstance(block, Figure):
            yield block
        elif isinstance(block, Figures):
            yield from block.figures
        elif isinstance(block, Folded):
            yield from _figures(block.blocks)
