"""`python analysis/compare.py` as a user runs it, and its page as a user sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis.compare import main
from tests.analysis_tests.altered_runs import with_dead_latents, with_other_data
from tests.analysis_tests.browser import (
    LOOKS,
    OpenPage,
    assert_accessible,
    assert_no_sideways_scroll,
    screenshot,
)
from tests.analysis_tests.runs import HOSTILE, copied

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def run(real_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run with the page of trials 0 and 1, which share their classifier, in it."""
    copy = copied(real_run, tmp_path_factory.mktemp("compare"))
    assert main([str(copy), "--trials", "0", "1"]) == 0
    return copy


@pytest.fixture(scope="module")
def page_path(run: Path) -> Path:
    return run / "compare" / "0000-0001" / "index.html"


@LOOKS
def test_the_page_is_sound_accessible_and_no_wider_than_the_window(
    open_page: OpenPage, page_path: Path, dark: bool, width: int
) -> None:
    page = open_page(page_path, dark=dark, width=width)
    assert page.locator("h1").inner_text() == "Trial 0000 beside trial 0001"
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    screenshot(page, f"compare-{'dark' if dark else 'light'}-{width}")


def test_settings_scores_and_latents_are_told(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    settings = page.locator("table.settings")
    assert settings.get_by_text("sae.kind").count() == 1
    assert settings.get_by_text("classifier").count() == 0
    assert "probe/accuracy" in page.locator("table.metrics").first.inner_text()
    assert page.locator("table.metrics").nth(1).is_hidden()
    page.locator("#scores ~ details summary").click()
    assert page.locator("table.metrics").nth(1).is_visible()
    assert page.get_by_text("Both trials share one trained classifier").count() == 1
    pairs = page.locator("ol.pairs > li")
    assert pairs.count() > 0
    likeness = [float(text) for text in pairs.locator(".likeness-value strong").all_text_contents()]
    assert likeness == sorted(likeness, reverse=True)
    first = pairs.first
    assert first.locator("svg.tile").count() >= 4
    box = first.locator("svg.tile").first.bounding_box()
    assert box["width"] == box["height"] > 40
    assert page.locator("ol.pairs").first.locator("> li").count() == min(12, pairs.count())
    assert "selectivity/purity" in page.locator("table.metrics").first.inner_text()
    assert page.locator("table.same tbody tr").count() == 8
    assert "--reproduce" in page.locator(".commands").inner_text()
    assert "analysis/compare.py" in page.locator("footer").inner_text()


def test_everything_can_be_read_without_scripts(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path, scripts=False)
    assert page.get_by_text("Which latent is which").is_visible()
    assert page.locator("ol.pairs svg.tile").first.is_visible()


def test_two_runs_of_hostile_names_on_different_images(
    open_page: OpenPage, run: Path, real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = with_other_data(real_run, tmp_path)
    other = other.rename(tmp_path / HOSTILE.replace("/", "∕"))
    assert main([f"{other}:0", f"{run}:2", "--out", str(tmp_path / "page")]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == tmp_path / "page" / "index.html"
    page = open_page(path)
    assert page.locator(".warning").inner_text().startswith("The runs saw different images (digits, 150")
    assert page.locator("ol.pairs").count() == 0
    assert page.locator("table.settings").get_by_text("data.limit").count() == 1
    assert page.locator("h1").inner_text().startswith(other.name.split()[0])
    assert_accessible(page)


def test_a_trial_whose_latents_are_all_dead(open_page: OpenPage, real_run: Path, tmp_path: Path) -> None:
    other = with_dead_latents(real_run, tmp_path, trial=2)
    assert main([str(other), "--trials", "0", "2"]) == 0
    page = open_page(other / "compare" / "0000-0002" / "index.html")
    assert page.get_by_text("No pair of latents is more alike than chance.").count() == 1
    assert page.get_by_text("None: every latent that fires has a counterpart.").count() == 1
    assert_accessible(page)


def test_mistakes_are_one_line_and_an_exit_code(
    run: Path, only_pruned_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), str(run)]) == 6
    assert main([f"{run}:1"]) == 2
    assert main([f"{run}:3", str(run)]) == 2
    assert main([str(run), str(only_pruned_run)]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 4
    assert all(line.startswith("error: ") for line in said.err.strip().splitlines())


def test_a_place_that_cannot_be_written_is_exit_8(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert main([str(run), "--trials", "0", "1", "--out", str(tmp_path / "file")]) == 8


def test_help_teaches() -> None:
    done = subprocess.run(
        [sys.executable, "analysis/compare.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "examples:" in done.stdout
    assert "exit codes:" in done.stdout
