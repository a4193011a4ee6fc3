"""Scratch folders of Ray: who may remove them, and drivers that end while another starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from search.execution import ray_scratch


@pytest.fixture(scope="module")
def ended() -> int:
    """The pid of a process that was."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_what_a_killed_driver_left_is_removed(tmp_path: Path, ended: int) -> None:
    left = tmp_path / f"sae-ray-{ended}-abc"
    (left / "session").mkdir(parents=True)
    made = ray_scratch.make(tmp_path)
    assert list(tmp_path.iterdir()) == [made]
    assert made.name.startswith(f"sae-ray-{os.getpid()}-")


def test_what_is_not_ours_to_remove_stays(tmp_path: Path, ended: int) -> None:
    running = tmp_path / f"sae-ray-{os.getpid()}-abc"
    other = tmp_path / "sae-ray-notes"
    aim = tmp_path / "aim"
    for folder in (running, other, aim):
        folder.mkdir()
    link = tmp_path / f"sae-ray-{ended}-link"
    link.symlink_to(aim)
    made = ray_scratch.make(tmp_path)
    assert set(tmp_path.iterdir()) == {running, other, aim, link, made}


def test_a_driver_may_end_while_another_starts(tmp_path: Path, ended: int) -> None:
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            folders = [tmp_path / f"sae-ray-{ended}-{number}" for number in range(20)]
            for folder in folders:
                folder.mkdir(exist_ok=True)
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)

    other = threading.Thread(target=come_and_go)
    other.start()
    try:
        made = [ray_scratch.make(tmp_path) for _ in range(100)]
    finally:
        over.set()
        other.join()
    assert all(folder.is_dir() for folder in made)
