"""The commands of docs/tutorial.md, in their order, as they stand, from a folder of one's own."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs_tests.pages import ROOT

COMMAND = re.compile(r"^```\n(python [^\n]+)\n```$", flags=re.MULTILINE)


@pytest.mark.slow
def test_every_command_of_the_tutorial_runs(tmp_path: Path) -> None:
    commands = COMMAND.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    assert len(commands) == 6
    for command in commands:
        # The run is written into the test's own folder; all else is as printed.
        words = [
            str(tmp_path / word) if word.startswith("runs") else word for word in shlex.split(command)[1:]
        ]
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        nothing = "compare.py" in command and "nothing to compare" in done.stderr
        assert done.returncode == 0 or nothing, f"{command}\n{done.stderr}"
    for page in ("report/index.html", "gallery/index.html"):
        assert (tmp_path / "runs" / "first" / page).is_file()
