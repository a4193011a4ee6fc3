"""Whether somebody writes a run, told without touching its lock."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.reading import run_owner
from analysis.reading.run_owner import Owner, is_being_written, read_owner
from search.run_dir.run_directory import RunDirectory

HERE = platform.node()


def test_a_driver_that_holds_the_lock_and_then_gives_it_back(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    assert read_owner(tmp_path) is None
    directory.acquire()
    try:
        assert read_owner(tmp_path) == Owner(os.getpid(), HERE, alive=True)
        assert is_being_written(tmp_path)
    finally:
        directory.release()
    if run_owner.KERNEL_LOCKS.exists():
        assert read_owner(tmp_path) == Owner(os.getpid(), HERE, alive=False)


def test_asking_never_turns_a_driver_away(tmp_path: Path) -> None:
    """The kernel lists no lock of ours after we asked, and the next driver gets it."""
    (tmp_path / "LOCK").write_text(f"process 1 on {HERE}\n")
    read_owner(tmp_path)
    directory = RunDirectory(tmp_path)
    directory.acquire()
    directory.release()


def test_a_process_that_is_gone(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    (tmp_path / "LOCK").write_text(f"process {ended.pid} on {HERE}\n")
    ended.wait()
    assert read_owner(tmp_path) == Owner(ended.pid, HERE, alive=False)


def test_another_process_of_the_same_number(tmp_path: Path) -> None:
    lock = tmp_path / "LOCK"
    lock.write_text(f"process {os.getpid()} on {HERE}\n")
    os.utime(lock, (0, 0))  # taken long before this process began
    assert read_owner(tmp_path) == Owner(os.getpid(), HERE, alive=False)


def test_another_machine_cannot_be_asked(tmp_path: Path) -> None:
    (tmp_path / "LOCK").write_text("process 17 on far.away\n")
    assert read_owner(tmp_path) == Owner(17, "far.away", alive=None)


@pytest.mark.parametrize("text", ["", "process", "process x on y", "process 1 on a b", "\udcff", "1" * 5000])
def test_any_lock(tmp_path: Path, text: str) -> None:
    (tmp_path / "LOCK").write_text(text, encoding="utf-8", errors="surrogateescape")
    assert read_owner(tmp_path) is None
