"""--help answers without loading what the work needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.docs_tests.pages import ROOT

SCRIPTS = (
    "search/run.py",
    "search/confirm.py",
    "analysis/report.py",
    "analysis/gallery.py",
    "analysis/compare.py",
    "analysis/clusters.py",
    "analysis/quiz.py",
    "analysis/export.py",
    "analysis/status.py",
)
CODE = """
import contextlib, io, runpy, sys
sys.argv = [sys.argv[1], "--help"]
with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
    runpy.run_path(sys.argv[0], run_name="__main__")
assert said.getvalue().startswith("usage:")
heavy = {"torch", "pandas", "ray", "scipy", "optuna", "numpy", "sklearn", "pyarrow"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_loads_nothing_heavy(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
