"""The site as `make docs` builds it: strict, alone on a disk, and searchable there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs.generate.hooks import GENERATED
from tests.analysis_tests import browser as harness
from tests.docs_tests.pages import ROOT

LOADS = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*?\bsrc=\"?([^\"\s>]+)"
    r"|<link\b(?=[^>]*\brel=\"?(?:stylesheet|icon|preconnect|preload))[^>]*?\bhref=\"?([^\"\s>]+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_it_builds_strictly_with_every_page_that_is_made(site: Path) -> None:
    for page in (
        *GENERATED,
        "reference/trainables.saes.md",
        "contributing.md",
        "source/benchmarks/README.md",
    ):
        assert (site / page).with_suffix(".html").exists() or (site / page).parent.joinpath(
            "index.html"
        ).exists()


def test_no_page_asks_anybody_for_anything(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    loaded = {
        target: page.name
        for page in pages
        for pair in LOADS.findall(page.read_text(encoding="utf-8"))
        for target in pair
        if target
    }
    assert len(loaded) > 3
    assert {target: page for target, page in loaded.items() if re.match(r"(https?:)?//", target)} == {}
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not re.findall(r"url\(\"?https?:[^)]*\)|@import", styles)


def test_the_architecture_page_has_the_table_of_folders_as_it_is_now(site: Path) -> None:
    text = (site / "architecture.html").read_text(encoding="utf-8")
    assert "<code>trainables/saes/</code>" in text
    assert "the three packages" in text


def test_the_search_works_by_double_click(site: Path, browser: Any) -> None:
    """Where Chromium gives a page no worker."""
    page = browser.new_context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "index.html").as_uri())
    page.fill("input.md-search__input", "explained_variance")
    page.wait_for_selector(".md-search-result__link", state="attached", timeout=20_000)
    found = page.eval_on_selector_all(".md-search-result__link", "links => links.map(link => link.href)")
    page.context.close()
    assert any("space_keys.html" in link for link in found)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))] == []


def test_the_first_page_fits_a_narrow_dark_window(site: Path, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme="dark")
    page = context.new_page()
    page.goto((site / "architecture.html").as_uri())
    harness.assert_no_sideways_scroll(page)
    harness.screenshot(page, "docs-architecture-narrow-dark")
    context.close()
