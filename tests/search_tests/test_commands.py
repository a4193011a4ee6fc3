"""A printed command runs as it stands, from the folder in which it was printed, with nothing activated."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from search.commands import ROOT, module_command, python_command, tensorboard_command

BARE = "/usr/bin:/bin"


def runs(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": BARE, "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("where", ["root", "elsewhere"])
def test_scripts_and_tensorboard_run_where_they_are_printed(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ROOT if where == "root" else tmp_path
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PATH", BARE)
    done = runs(python_command("search/confirm.py", "--help"), folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage:")


def test_from_the_root_the_script_is_named_as_the_readme_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert python_command("search/run.py", "--resume", "runs/x").endswith(" search/run.py --resume runs/x")


def test_a_bare_name_only_where_the_shell_would_find_this_very_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert module_command("analysis.directions_table", "runs/x").startswith("python -m ")
    other = tmp_path / "python"
    shutil.copy("/bin/true", other)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not module_command("analysis.directions_table").startswith("python ")
    beside = Path(sys.executable).with_name("tensorboard")
    assert beside.exists()
    assert tensorboard_command(Path("runs/x y/trials")).endswith("tensorboard --logdir 'runs/x y/trials'")
