"""The Markdown twin: blocks by hand, text that stays text, and a whole document held against a kept one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from analysis.charts.chart import Chart
from analysis.charts.tag import tag
from analysis.load import load_run
from analysis.report_parts.as_markdown import as_markdown, escaped, pictures
from analysis.report_parts.blocks import (
    Block,
    Cell,
    Column,
    Commands,
    Figure,
    Figures,
    Folded,
    Items,
    Section,
    Span,
    Table,
    cell,
    code,
    say,
    strong,
)
from analysis.report_parts.outlook import Outlook
from analysis.report_parts.sections import sections

GOLDEN = Path(__file__).parent / "golden.md"
# Their words belong to analysis.effects and are tested there.
ELSEWHERE = {"directions", "importances", "boundaries"}


def told(*blocks: Block) -> str:
    """The blocks without title and headings."""
    return as_markdown("t", "", [Section("s", "s", blocks)]).split("## s\n\n", 1)[1].rstrip("\n")


def test_prose() -> None:
    assert told(say("a ", strong("b c"), " ", code("d_e"), "*")) == "a **b c** `d_e`\\*"
    assert told(say("careful", kind="warning")) == "> careful"
    assert told(Items((say("one"), say("- two")))) == "- one\n- \\- two"
    assert told(say(Span("0003", href="../gallery/0003/index.html"), Span("0004", href="#galleries"))) == (
        "[0003](../gallery/0003/index.html)0004"
    )


def test_a_table_leaves_pictures_out() -> None:
    columns = (Column("name"), Column("it", picture=True), Column("value", "max", numeric=True))
    rows: tuple[tuple[Cell, ...], ...] = ((cell("a|b"), cell(picture=tag("svg")), cell("1")),)
    assert told(Table("Things", columns, rows)) == (
        "Things:\n\n| name | value (max) |\n| --- | ---: |\n| a\\|b | 1 |"
    )


def test_pictures_commands_and_folds() -> None:
    figure = Figure("front", Chart("What is seen", tag("g")))
    block = Folded("More", (Figures((figure,)), Commands((("do it", "python x.py\n RUN"),))))
    assert told(block) == "**More**\n\n![What is seen](pictures/front.svg)\n\nDo it:\n\n    python x.py RUN"
    assert list(pictures([Section("s", "s", (block,))])) == ["front.svg"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<img src=x>", "\\<img src=x\\>"),
        ("a\n# b", "a \\# b"),
        ("1. x", "1\\. x"),
        ("12) x", "12\\) x"),
        ("[a](b) `c` a_b & ~", "\\[a\\](b) \\`c\\` a\\_b \\& \\~"),
    ],
)
def test_text_of_a_run_is_no_markup(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.parametrize("text", ["a`b", "``", "x|y"])
def test_code_of_a_run_ends_where_it_ends(text: str) -> None:
    shown = told(say(code(text)))
    fence = shown[: len(shown) - len(shown.lstrip("`"))]
    assert shown.endswith(fence)
    assert fence not in shown[len(fence) : -len(fence)]


def test_the_whole_document(unfinished_run: Path, tmp_path: Path) -> None:
    """SAE_SEARCH_WRITE_GOLDEN=1 writes the kept one anew; read what changed before committing it."""
    run = load_run(unfinished_run)
    assert run.study is not None
    found = sections(Outlook(run, run.study, tmp_path, "runs/tiny"))
    text = as_markdown(run.name, run.study.question, [s for s in found if s.id not in ELSEWHERE])
    if os.environ.get("SAE_SEARCH_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
