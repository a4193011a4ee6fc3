"""analysis/gallery.py from the command line, on runs whose models were really trained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from analysis import gallery
from analysis.load import load_run
from search.errors import ExitCode
from tests.analysis_tests.browser import OpenPage, assert_accessible, assert_no_sideways_scroll

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def trained_gallery(real_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the best trial."""
    out = tmp_path_factory.mktemp("out")
    assert gallery.main([str(real_run), "--out", str(out)]) == ExitCode.DONE
    return out


def test_the_best_trial_has_a_gallery(open_page: OpenPage, real_run: Path, trained_gallery: Path) -> None:
    best = load_run(real_run).best()
    width = len(best.features.sae.decoder)
    folder = trained_gallery / f"{best.number:04d}"
    page = open_page(trained_gallery / "index.html", width=375)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("link").last.click()
    page.wait_for_url(f"**/{folder.name}/index.html")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.locator(".sheet li").count() == width
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert len(list((folder / "f").glob("*.html"))) == width
    assert (folder / "contact_sheet.png").is_file()
    living = page.evaluate(
        "JSON.parse(document.getElementById('latents').textContent).density.findIndex((d) => d)"
    )
    page = open_page(folder / "f" / f"{living:04d}.html", dark=True)
    assert page.locator(".top .tile").count() > 0
    assert_accessible(page)


def test_a_gallery_is_the_same_every_time(real_run: Path, trained_gallery: Path, tmp_path: Path) -> None:
    assert gallery.main([str(real_run), "--out", str(tmp_path)]) == ExitCode.DONE
    written = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert all((tmp_path / name).read_bytes() == (trained_gallery / name).read_bytes() for name in written)
    assert not [name for name in written if name.name.startswith(".")]


def test_one_file_of_one_trial(real_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = load_run(real_run).ranked()[-1].number
    words = [
        str(real_run),
        "--trial",
        str(number),
        "--single-file",
        "--split",
        "test",
        "--out",
        str(tmp_path),
    ]
    assert gallery.main(words) == ExitCode.DONE
    path = tmp_path / f"{number:04d}.html"
    assert capsys.readouterr().out == f"{path}\n"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    text = path.read_text(encoding="utf-8")
    assert f"--reproduce {real_run} {number}" in text
    assert "--single-file" in text
    assert "test images" in text


@pytest.mark.parametrize(
    ("run", "words", "code", "said"),
    [
        ("only_pruned_run", [], ExitCode.NO_TRIAL_COMPLETED, "no best trial"),
        ("empty_run", ["--top", "3"], ExitCode.NO_TRIAL_COMPLETED, "no best trial"),
        ("real_run", ["--trial", "999"], ExitCode.USAGE, "has no trial 999"),
    ],
)
def test_what_cannot_be_shown_is_said(
    run: str,
    words: list[str],
    code: ExitCode,
    said: str,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    path = request.getfixturevalue(run)
    assert gallery.main([str(path), *words, "--out", str(tmp_path / "out")]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert not (tmp_path / "out").exists()


def test_help_teaches_and_no_run_is_said() -> None:
    """As typed from the repository's root: a script, not a module."""
    shown = subprocess.run(
        [sys.executable, "analysis/gallery.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--single-file" in shown.stdout
    assert "examples:" in shown.stdout
    assert gallery.main(["nowhere"]) == ExitCode.RUN_DIRECTORY
