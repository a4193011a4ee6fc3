"""The report in a real browser: whole without scripts, and what scripts add."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.report import main
from tests.analysis_tests import runs
from tests.analysis_tests.browser import (
    LOOKS,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    screenshot,
)
from tests.analysis_tests.report_tests.test_report import design_run


@pytest.fixture(scope="module")
def page_of_a_search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run with every fate; trial 1 has a gallery."""
    run = runs.unfinished_run(tmp_path_factory.mktemp("report") / "run")
    gallery = run / "gallery" / "0001" / "index.html"
    gallery.parent.mkdir(parents=True)
    gallery.write_text("<!doctype html><title>the gallery</title>", encoding="utf-8")
    assert main([str(run)]) == 0
    return run / "report" / "index.html"


@pytest.fixture(scope="module")
def page_of_a_design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a design with a clear effect and one that is none."""
    run = design_run(tmp_path_factory.mktemp("report") / "design")
    assert main([str(run)]) == 0
    return run / "report" / "index.html"


@LOOKS
def test_it_is_accessible_and_fits(
    open_page: OpenPage, page_of_a_search: Path, page_of_a_design: Path, dark: bool, width: int
) -> None:
    for path in (page_of_a_search, page_of_a_design):
        page = open_page(path, dark=dark, width=width)
        for fold in page.locator("summary").all():
            fold.click()
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        assert overlaps(page) == []
        screenshot(page, f"report-{path.parent.parent.name}-{'dark' if dark else 'light'}-{width}")


# Labels of one chart that lie on each other; a name beside a point may stand on a picture's lines.
OVERLAPS = """() => {
  const bad = [];
  for (const plot of document.querySelectorAll('.chart svg.plot')) {
    const texts = [...plot.querySelectorAll('text:not(.dot-name):not(.chance-label)')];
    const boxes = texts.map((t) => [t.textContent, t.getBoundingClientRect()]).filter(([, b]) => b.width > 0);
    for (let i = 0; i < boxes.length; i++)
      for (let j = 0; j < i; j++) {
        const [[s, a], [t, b]] = [boxes[i], boxes[j]];
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 3) bad.push(`${s} on ${t} in ${plot.getAttribute('aria-label')}`);
      }
  }
  return bad;
}"""


def overlaps(page: Any) -> list[str]:
    """Which labels of a chart cannot be read for another."""
    found: list[str] = page.evaluate(OVERLAPS)
    return found


def test_hovering_tells_the_trial_and_lights_it_everywhere(
    open_page: OpenPage, page_of_a_search: Path
) -> None:
    page = open_page(page_of_a_search)
    page.locator("#front circle[data-trial='2']").hover()
    said = page.locator(".readout").inner_text()
    assert said.startswith("trial 0002: probe/accuracy 0.930")
    assert "sae.kind=relu" in said
    assert page.locator("#curves path.lit[data-trial='2']").count() == 2
    page.locator("h1").hover()
    assert page.locator(".lit").count() == 0
    assert page.locator(".readout").is_hidden()


def test_keys_go_from_point_to_point(open_page: OpenPage, page_of_a_search: Path) -> None:
    page = open_page(page_of_a_search)
    points = page.locator("#front svg.plot [tabindex='0']")
    assert points.count() == 1
    points.focus()
    told = []
    for _ in range(4):
        told.append(page.locator(".readout").inner_text().splitlines()[0].split(":")[0])
        page.keyboard.press("ArrowRight")
    # From left to right: by rising accuracy.
    assert told == ["trial 0000, the default", "trial 0002", "trial 0001", "trial 0003"]


def test_a_click_opens_the_gallery_or_says_how_to_make_one(
    open_page: OpenPage, page_of_a_search: Path
) -> None:
    page = open_page(page_of_a_search)
    page.locator("#front a:has(circle[data-trial='2'])").click()
    assert page.url.endswith("#galleries")
    assert "analysis/gallery.py" in page.locator("#galleries").inner_text()
    page.locator("#front a:has(circle[data-trial='1'])").click()
    assert page.title() == "the gallery"


def test_headings_sort_numbers_by_size_and_leave_gaps_last(
    open_page: OpenPage, page_of_a_search: Path
) -> None:
    page = open_page(page_of_a_search)
    table = page.locator("#leaderboard table").first

    def column(name: str) -> list[str]:
        heads = [text.split("\n")[0] for text in table.locator("thead th").all_inner_texts()]
        place = [head.rstrip(" ↑↓") for head in heads].index(name)
        return [
            text.split()[0] for text in table.locator(f"tbody td:nth-child({place + 1})").all_inner_texts()
        ]

    width = table.get_by_role("button", name="sae.width")
    width.click()
    assert column("sae.width") == ["128", "256", "256"]
    width.press("Enter")
    assert column("sae.width") == ["256", "256", "128"]
    assert table.locator("th[aria-sort='descending']").count() == 1
    table.get_by_role("button", name="sae.l1").click()
    assert column("sae.l1") == ["0.31", "–", "–"]


def test_it_is_whole_without_scripts(open_page: OpenPage, page_of_a_search: Path) -> None:
    page = open_page(page_of_a_search, scripts=False)
    assert "4 of 10 trials" in page.locator("#answer").inner_text()
    assert page.locator("#front circle[data-trial='1'] title").text_content().startswith("trial 0001")
    page.locator("#leaderboard summary").last.click()
    assert "logistic regression" in page.locator("#leaderboard").inner_text()


def test_hostile_text_stays_text(open_page: OpenPage, hostile_run: Path, tmp_path: Path) -> None:
    assert main([str(hostile_run), "--out", str(tmp_path)]) == 0
    page = open_page(tmp_path / "index.html")
    assert page.locator("h1").inner_text().startswith("\"><script>alert('x')</script>")
    assert page.locator("main script").count() == 0
    assert "=HYPERLINK" in page.locator("#fates").inner_text()


@pytest.mark.parametrize(
    "state", ["empty_run", "only_pruned_run", "none_completed_run", "infeasible_run", "nan_run"]
)
def test_runs_without_a_result(
    open_page: OpenPage, state: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    assert main([str(request.getfixturevalue(state)), "--out", str(tmp_path)]) == 0
    page = open_page(tmp_path / "index.html", width=375)
    assert page.locator("#answer").inner_text().strip()
    assert_no_sideways_scroll(page)
