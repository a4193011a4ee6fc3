"""A run directory from somebody else cannot make us write or read outside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.load import load_run
from search.errors import DiskError, RunDirectoryError
from search.run_dir.run_directory import RunDirectory, create, open_existing

INSIDE = [
    "LOCK", "trials.jsonl", "run.json", "driver.log", "trials/0003/timeout.txt", "trials/0003/log.txt",
    "trials/0003", "trials", "report", "gallery", "confirm/trials.jsonl",
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Path:
    directory = create(tmp_path, "sae", "run", {"space.resolved.yaml": "name: sae\n"})
    directory.release()
    return directory.path


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("target", ["file", "folder", "nothing"])
def test_a_link_that_leads_out_is_refused_and_nothing_touched(
    run: Path, tmp_path: Path, name: str, target: str
) -> None:
    outside = tmp_path / "outside"
    if target == "folder":
        outside.mkdir()
    if target == "file":
        outside.write_text("private")
    link = run / name
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_dir():
        link.rmdir()
    link.unlink(missing_ok=True)
    link.symlink_to(outside)
    for opens in (open_existing, load_run):
        with pytest.raises(RunDirectoryError, match="leads out of the run directory") as error:
            opens(run)
        assert str(link) in str(error.value)
    if target == "file":
        assert outside.read_text() == "private"
    if target == "folder":
        assert list(outside.iterdir()) == []
    if target == "nothing":
        assert not outside.exists()


def test_relative_ways_out_and_chains_are_seen(run: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("private")
    (run / "report").symlink_to("gallery")
    open_existing(run)
    (run / "gallery").symlink_to("../outside")
    with pytest.raises(RunDirectoryError, match="gallery"):
        open_existing(run)


def test_links_that_stay_inside_and_a_link_to_the_run_are_fine(run: Path, tmp_path: Path) -> None:
    (run / "trials" / "0001").mkdir()
    (run / "trials" / "best").symlink_to("0001")
    (tmp_path / "newest").symlink_to(run)
    open_existing(tmp_path / "newest")
    assert load_run(tmp_path / "newest").path == run


def test_the_lock_itself_follows_no_link(run: Path, tmp_path: Path) -> None:
    (run / "LOCK").unlink()
    (run / "LOCK").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DiskError):
        RunDirectory(run).acquire()
    assert not (tmp_path / "elsewhere").exists()
