"""One real search in which trials raise, diverge, die, hang; the others and the search go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from search.ledger.history import History
from search.ledger.ledger import read_history
from tests.search_tests.faulty_actor import (
    CANNOT_DRAW,
    DIES_ALWAYS,
    DIES_ONCE,
    DIVERGES,
    HANGS,
    RAISES,
)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    root = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [sys.executable, "-m", "tests.search_tests.faulty_actor", str(root), "faulty"],
        capture_output=True,
        text=True,
        timeout=500,
        env={**os.environ, "SAE_SEARCH_CACHE": str(root / "cache")},
        check=False,
    )
    return done, root / "faulty"


@pytest.fixture(scope="module")
def history(faulty: tuple[subprocess.CompletedProcess[str], Path]) -> History:
    return read_history(faulty[1] / "trials.jsonl")


def test_the_search_ends_well(
    faulty: tuple[subprocess.CompletedProcess[str], Path], history: History
) -> None:
    done, _ = faulty
    assert done.returncode == 0, done.stderr
    assert history.finished == len(history.trials) == 8


def test_ray_is_silent_even_when_its_workers_die(
    faulty: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, run = faulty
    assert done.stdout == ""
    assert done.stderr == ""
    assert "worker died" in (run / "driver.log").read_text()


@pytest.mark.parametrize(
    ("trial", "reason"),
    [
        (RAISES, "ValueError: planted: a shape is wrong (faulty_actor.py:"),
        (DIVERGES, "diverged: sae/fvu is nan after epoch 1"),
        (DIES_ALWAYS, "lost: the worker process died 2 times"),
        (HANGS, "timeout: longer than budget.trial_timeout_s = 120, where it was: trials/0005/timeout.txt"),
    ],
)
def test_each_failure_carries_its_reason(history: History, trial: int, reason: str) -> None:
    record = history.trials[trial]
    assert record.state == "FAIL"
    assert (record.reason or "").startswith(reason)


def test_a_lost_process_is_retried_from_its_checkpoint(history: History) -> None:
    record = history.trials[DIES_ONCE]
    assert record.retries == 1
    assert record.state in ("COMPLETE", "PRUNED")


def test_only_lost_processes_are_retried(history: History) -> None:
    assert {n for n, t in history.trials.items() if t.retries} == {DIES_ONCE, DIES_ALWAYS}


def test_the_traceback_is_in_the_trials_log(faulty: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, run = faulty
    assert "planted: a shape is wrong\nand a second line" in (run / "trials" / "0001" / "log.txt").read_text()
    assert "faulty_actor.py" in (run / "trials" / "0005" / "timeout.txt").read_text()


def test_a_trial_that_cannot_draw_is_complete_and_its_log_says_why(
    faulty: tuple[subprocess.CompletedProcess[str], Path], history: History
) -> None:
    assert history.trials[CANNOT_DRAW].state == "COMPLETE"
    log = (faulty[1] / "trials" / "0000" / "log.txt").read_text()
    assert "no pictures of this trial" in log
    assert "FileExistsError" in log


def test_honest_trials_are_untouched(history: History) -> None:
    for number in {0, 6, 7}:
        assert history.trials[number].state in ("COMPLETE", "PRUNED")
