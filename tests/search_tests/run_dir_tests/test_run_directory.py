"""Creating, locking and naming run directories, with a second real process as the rival."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from search.disk import write_atomically
from search.errors import DiskError, RunDirectoryError, SpaceError
from search.run_dir import run_directory
from search.run_dir.run_directory import RunDirectory, create, open_existing

RIVAL = """
import sys
from pathlib import Path
from search.run_dir.run_directory import RunDirectory
RunDirectory(Path(sys.argv[1])).acquire()
print("mine", flush=True)
sys.stdin.read()
"""


def test_a_fresh_directory_is_named_after_study_and_time(tmp_path: Path) -> None:
    directory = create(tmp_path / "new" / "runs", "sae", None, {"space.yaml": "x"})
    directory.release()
    assert directory.path.name.startswith("sae-2")
    assert directory.trials.is_dir()
    assert (directory.path / "space.yaml").read_text() == "x"
    assert [path.name for path in directory.path.parent.iterdir()] == [directory.path.name]


def test_runs_that_start_in_one_second_get_names_of_their_own(tmp_path: Path) -> None:
    names = set()
    for _ in range(5):
        directory = create(tmp_path, "sae", None, {})
        directory.release()
        names.add(directory.path.name)
    assert len(names) == 5


def test_an_existing_directory_is_refused_with_the_resume_command(tmp_path: Path) -> None:
    create(tmp_path, "sae", "mine", {}).release()
    with pytest.raises(RunDirectoryError, match="--resume") as error:
        create(tmp_path, "sae", "mine", {})
    assert error.value.exit_code == 6


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "-flag", "a b", "x" * 101, "ü"])
def test_names_stay_inside_the_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpaceError, match="--name"):
        create(tmp_path, "sae", name, {})
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_a_disk_error(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(DiskError):
        create(tmp_path / "runs", "sae", None, {})


def test_two_drivers_one_directory(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RIVAL, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as rival:
        assert rival.stdout is not None
        assert rival.stdout.readline() == "mine\n"
        directory = RunDirectory(tmp_path)
        with pytest.raises(RunDirectoryError, match=f"process {rival.pid} on"):
            directory.acquire()
        rival.kill()
        rival.wait()
        directory.acquire()
        assert f"process {os.getpid()}" in (tmp_path / "LOCK").read_text()
        directory.release()


def test_a_full_disk_at_the_lock_is_a_disk_error_and_leaves_it_free(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    directory = RunDirectory(tmp_path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(DiskError, match="cannot write here") as error:
            directory.acquire()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error.value.exit_code == 8
    other = RunDirectory(tmp_path)
    other.acquire()
    other.release()


def test_a_process_never_makes_one_unfinished_folder_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container every driver has the same pid, and would meet what a killed one left."""
    names, settle = [], run_directory._settle

    def noted(unfinished: Path, root: Path, wanted: Sequence[str]) -> Path:
        names.append(unfinished.name)
        return settle(unfinished, root, wanted)

    monkeypatch.setattr(run_directory, "_settle", noted)
    create(tmp_path, "sae", "mine", {}).release()
    left = tmp_path / names[0] / "trials"
    left.mkdir(parents=True)  # as if the driver had been killed before its folder got its name
    with pytest.raises(RunDirectoryError, match="exists already"):
        create(tmp_path, "sae", "mine", {})
    assert names[0] != names[1]
    assert left.is_dir()


@pytest.mark.parametrize("content", ["[]", "3", '"running"', "null"])
def test_a_run_json_without_keys_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunDirectoryError, match="no object with keys"):
        RunDirectory(tmp_path).read_info()


def test_run_json_keeps_what_is_not_changed(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    assert directory.read_info() == {}
    directory.write_info(status="running", target=3)
    directory.write_info(status="done")
    assert directory.read_info() == {"status": "done", "target": 3}
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunDirectoryError, match=r"run\.json"):
        directory.read_info()


def test_what_is_no_run_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunDirectoryError, match=r"no space\.resolved\.yaml"):
        open_existing(tmp_path / "nothing")


def test_a_failed_replacement_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(DiskError):
        write_atomically(target, "text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
