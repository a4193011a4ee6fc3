"""One real search with a trial that eats the machine's memory and one whose process is frozen: it goes on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ray._common.utils import get_system_memory
from ray._private.utils import get_used_memory

from search.ledger.history import History
from tests.search_tests.end_to_end_tests.test_run import history_of
from tests.search_tests.faulty_actor import EATS, FREEZES

MAY_TAKE = 5e9
"""Bytes beyond what is in use now. An honest trial takes a tenth of it; the rest is for others here."""


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    total = get_system_memory()
    monitor = {
        "RAY_memory_usage_threshold": f"{(get_used_memory() + MAY_TAKE) / total:.4f}",
        "RAY_memory_monitor_refresh_ms": "100",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.search_tests.faulty_actor", str(root), "run", "out of hand"],
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, **monitor, "SAE_SEARCH_CACHE": str(root / "cache")},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""
    return root / "run"


@pytest.fixture(scope="module")
def history(run: Path) -> History:
    return history_of(run)


def test_the_search_goes_on_to_its_end(history: History) -> None:
    assert history.finished == len(history.trials) == 4
    assert {n for n, t in history.trials.items() if t.state == "FAIL"} == {EATS, FREEZES}


def test_what_ray_ends_for_memory_is_tried_again_and_then_says_what_it_took(history: History) -> None:
    record = history.trials[EATS]
    assert record.retries == 1
    reason = record.reason or ""
    took = re.match(
        r"memory: the worker took ([\d.]+)GB while its machine was at [\d.]+GB of [\d.]+GB", reason
    )
    assert took is not None, reason
    assert float(took[1]) * 2**30 > 0.1 * MAY_TAKE
    assert f"sae.width {record.params['sae.width']}" in reason
    assert f"classifier.hidden_size {record.params['classifier.hidden_size']}" in reason


def test_a_frozen_worker_times_out_from_outside(history: History) -> None:
    record = history.trials[FREEZES]
    assert record.retries == 0
    assert record.reason == "timeout: longer than budget.trial_timeout_s = 60"
