"""The benchmark of the metrics runs and names what it times."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "metrics.py"


def test_it_times_every_group_of_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(SCRIPT))["main"](
        ["--data", "digits", "--limit", "120", "--width", "24", "--threads", "1"]
    )
    printed = capsys.readouterr().out
    for row in (
        "training",
        "rung references",
        "rung metrics",
        "final references",
        "final metrics",
        "cluster",
    ):
        assert row in printed
