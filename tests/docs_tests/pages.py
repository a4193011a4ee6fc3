"""The hand-written Markdown of the repository, its links and its anchors."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "examples/*.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def without_code(text: str) -> str:
    """The text less fenced and indented blocks and code in a line, in which brackets are no links."""
    text = without_blocks(text)
    return re.sub(r"(?<!\[)`[^`\n]*`(?!\])", "", text)


def without_blocks(text: str) -> str:
    """The text less fenced and indented blocks."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)


def links(page: Path) -> list[str]:
    """Targets of the page's links and pictures, anchors included."""
    return _LINK.findall(without_code(page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """What its headings can be linked by, as GitHub and mkdocs make it."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(page.read_text(encoding="utf-8")), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Relative links that lead nowhere, or to an anchor that is not there."""
    broken = []
    for link in links(page):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
            broken.append(link)
    return broken
