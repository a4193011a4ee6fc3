"""What a search prints to go on with runs as it stands, from the folder in which it was printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.search_tests.space_texts import ROOT


@pytest.mark.slow
def test_printed_commands_run_from_the_folder_in_which_they_were_printed(tmp_path: Path) -> None:
    here = tmp_path / "a folder"
    here.mkdir()
    # As in a shell in which nothing was activated; our own folder is on no path.
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    env |= {"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "SAE_SEARCH_CACHE": str(tmp_path / "cache")}
    words = [sys.executable, str(ROOT / "search" / "run.py"), str(ROOT / "examples" / "tiny.yaml")]
    done = subprocess.run([*words, "--name", "first"], cwd=here, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    gallery = next(line for line in printed if "gallery.py" in line)
    again = next(line for line in printed if "--reproduce" in line).replace("TRIAL", "0")
    for command in (gallery, again):
        ran = subprocess.run(command, shell=True, cwd=here, env=env, capture_output=True, text=True)
        assert ran.returncode == 0, f"{command}\n{ran.stderr}"
    assert (here / "runs" / "first" / "gallery" / "index.html").is_file()
    assert (here / printed[-1]).is_file(), "the report, whose path comes last"
