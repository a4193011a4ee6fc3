"""Every link in the Markdown of the repository leads somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_tests.pages import PAGES, ROOT, broken_links, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_and_anchor_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_there_are_links_to_check() -> None:
    assert len([link for page in PAGES for link in links(page)]) > 30


def test_a_broken_link_and_a_broken_anchor_are_found(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Every one, and `more`\n\n```\n# no heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#every-one-and-more) [c](gone.md) [d](other.md#no-heading)\n"
        "![e](gone.png)\n"
        "[f](https://example.org) `[g](code.md)` [h](#me)\n\n# Me\n"
    )
    assert broken_links(page) == ["gone.md", "other.md#no-heading", "gone.png"]
