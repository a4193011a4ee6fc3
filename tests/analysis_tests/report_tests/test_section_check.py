"""The check of a report section: ours pass, and one that breaks its word does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.report_parts.blocks import Section, say
from analysis.report_parts.leaderboard import leaderboard
from analysis.report_parts.outlook import Outlook
from analysis.testing import check_report_section


def writing(outlook: Outlook) -> Section:
    (outlook.run.path / "note.txt").write_text("I was here")
    return Section("note", "A note", (say("I was here."),))


def test_sections_are_told_apart(unfinished_run: Path) -> None:
    check_report_section(leaderboard, unfinished_run)
    text: Any = lambda _: "not a section"  # noqa: E731
    with pytest.raises(AssertionError, match="a str, not a Section"):
        check_report_section(text, unfinished_run)
    with pytest.raises(AssertionError, match="writes into the run"):
        check_report_section(writing, unfinished_run)
    (unfinished_run / "note.txt").unlink()
