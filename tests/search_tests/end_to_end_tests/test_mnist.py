"""The promise about real MNIST; slow, and only where the data is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.search_tests.end_to_end_tests.test_run import ROOT, history_of, run


@pytest.mark.slow
@pytest.mark.skipif("SAE_SEARCH_DATA" not in os.environ, reason="SAE_SEARCH_DATA names no folder with MNIST")
def test_24_trials_reach_95_percent(tmp_path: Path) -> None:
    done = run(
        ROOT / "spaces" / "mnist.yaml", "--name", "mnist", "--json", cache=tmp_path / "cache", timeout=3600
    )
    assert done.returncode == 0, done.stderr
    history = history_of(tmp_path / "runs" / "mnist")
    assert history.finished == 24
    assert max(t.metrics["probe/accuracy"] for t in history.in_state("COMPLETE")) >= 0.95
    assert json.loads(done.stdout)["front"]
