"""`python analysis/clusters.py` as a user runs it, and its page as a user sees it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis.clusters import main
from tests.analysis_tests.altered_runs import with_dead_latents
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
def page_path(real_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of trial 1, in a run of a hostile name."""
    copy = copied(real_run, tmp_path_factory.mktemp("clusters"))
    copy = copy.rename(copy.with_name(HOSTILE.replace("/", "∕")))
    assert main([str(copy), "--trial", "1"]) == 0
    return copy / "clusters" / "0001" / "index.html"


@LOOKS
def test_the_page_is_sound_accessible_and_no_wider_than_the_window(
    open_page: OpenPage, page_path: Path, dark: bool, width: int
) -> None:
    page = open_page(page_path, dark=dark, width=width)
    assert page.locator("h1").inner_text() == "What the codes of trial 0001 have in common"
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    screenshot(page, f"clusters-{'dark' if dark else 'light'}-{width}")


def test_clusters_and_classes_are_complete(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path)
    sizes = page.locator("ol.clusters .facts .figures").all_inner_texts()
    assert sum(int(text.split()[0]) for text in sizes) == 200
    assert page.locator("ol.clusters > li").first.locator(".bars li").count() == 10
    assert page.locator("section.class").count() == 10
    assert page.get_by_text("The clusters are those of the trial's stored mean codes.").count() == 1
    one = page.locator("section.class").first
    shares = [float(text.split()[0]) for text in one.locator(".head strong").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=1.5)
    assert shares == sorted(shares, reverse=True)
    page.locator(".jump a").nth(7).click()
    assert page.url.endswith("#class-7")


def test_everything_can_be_read_without_scripts(open_page: OpenPage, page_path: Path) -> None:
    page = open_page(page_path, scripts=False)
    assert page.get_by_text("What splits a class").is_visible()
    assert page.locator("section.class svg.tile").first.is_visible()


def test_the_best_trial_is_taken_and_mean_codes_that_are_gone_are_found_anew(
    open_page: OpenPage, real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = copied(real_run, tmp_path)
    for folder in copy.glob("trials/*/mean_codes"):
        folder.rename(folder.with_name("elsewhere"))
    assert main([str(copy), "--split", "test"]) == 0
    page = open_page(Path(capsys.readouterr().out.strip()))
    assert page.get_by_text("the clusters were found for this page").count() == 1
    assert page.get_by_text("test images").count() >= 1


def test_codes_that_never_fire(open_page: OpenPage, real_run: Path, tmp_path: Path) -> None:
    copy = with_dead_latents(real_run, tmp_path, trial=1)
    assert main([str(copy), "--trial", "1"]) == 0
    page = open_page(copy / "clusters" / "0001" / "index.html")
    assert "hardly more than by chance" in page.locator(".lead").inner_text()
    assert page.get_by_text("No latent is stronger here").count() > 0
    assert_accessible(page)


def test_mistakes_are_one_line_and_an_exit_code(
    real_run: Path, only_pruned_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 6
    assert main([str(real_run), "--trial", "99"]) == 2
    assert main([str(only_pruned_run)]) == 4
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 3


def test_help_teaches() -> None:
    done = subprocess.run(
        [sys.executable, "analysis/clusters.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "examples:" in done.stdout
