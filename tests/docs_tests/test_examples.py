"""The commands of examples/README.md, in their order, as they stand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.docs_tests.pages import ROOT

COMMAND = re.compile(r"^\.venv/bin/python ([^#\n]+)", flags=re.MULTILINE)


def test_every_command_of_the_examples_runs(tmp_path: Path) -> None:
    commands = COMMAND.findall((ROOT / "examples" / "README.md").read_text(encoding="utf-8"))
    assert len(commands) == 3
    said = []
    for command in commands:
        # Runs are written into the test's own folder; all else is as printed.
        words = [str(tmp_path / word) if word.startswith("runs") else word for word in shlex.split(command)]
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    search, table, feature = said
    assert "4 trials:" in search
    assert "4 trials, " in table
    assert "probe/accuracy" in table
    assert re.search(r"latent \d+ fires on \d+% of \d+ images\n\d+% of these are of class \d", feature)
