"""The commands of docs/own_network.md, in their order, as they stand: from weights to a gallery."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs_tests.pages import ROOT
from tests.docs_tests.test_examples import COMMAND


@pytest.mark.slow
def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    commands = COMMAND.findall((ROOT / "docs" / "own_network.md").read_text(encoding="utf-8"))
    assert len(commands) == 4
    # In a folder that looks like the repository, so that what they write stays out of it.
    for name in ("search", "analysis", "trainables"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "SAE_SEARCH_CACHE": str(tmp_path / "cache")}
    said = []
    for command in commands:
        words = [sys.executable, *shlex.split(command)]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert "% of the held-out digits are right" in said[0]
    assert "hidden.2    ReLU (64,)" in said[1]
    assert (tmp_path / "runs" / "own" / "gallery" / "index.html").exists()
