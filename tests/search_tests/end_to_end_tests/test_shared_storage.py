"""A search whose machine is lost goes on elsewhere from shared storage, as a user would do it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from search.errors import ExitCode
from search.storage.lease import current
from search.storage.ledger_segments import collect
from tests.search_tests.end_to_end_tests.test_run import (
    TINY,
    command,
    environment,
    history_of,
    n_finished,
    run,
)
from trainables.storage import checkpoint
from trainables.storage.object_store import Store, below

TARGET = 5
SLOWLY = [
    word
    for setting in (
        "trial.classifier.epochs=30",
        "trial.sae.epochs=30",
        f"resources.cpu={os.cpu_count()}",
        "budget.trial_timeout_s=600",
    )
    for word in ("--set", setting)
]
"""One trial after the other, and none done in no time: the machine must be lost in the middle. On a busy one
a trial may take long, because Ray's workers give way to everybody."""


def until(holds: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def shared_ledger(place: str) -> bytes:
    store = Store(place)
    driver = current(store)
    return b"" if driver is None else collect(store, driver.id)


def started(folder: Path, storage: str) -> subprocess.Popen[str]:
    """A search on the first machine, with something of it on the storage."""
    arguments = [
        *SLOWLY,
        "--name",
        "lost",
        "--trials",
        str(TARGET),
        "--storage",
        storage,
        "--out",
        str(folder / "first"),
    ]
    driver = subprocess.Popen(
        command(TINY, *arguments),
        env=environment(folder / "cache"),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(
        lambda: shared_ledger(below(storage, "lost")).count(b'"event":"end"') > 0 or driver.poll() is not None
    )
    assert driver.poll() is None
    return driver


@pytest.mark.slow
def test_after_kill_9_and_the_loss_of_the_disk_the_search_ends_elsewhere(bucket: str, tmp_path: Path) -> None:
    storage = below(bucket, tmp_path.name)
    place, cache = below(storage, "lost"), tmp_path / "cache"
    with started(tmp_path, storage) as driver:
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        known = shared_ledger(place)
        # All that is missing there was acknowledged in the last seconds.
        assert (tmp_path / "first" / "lost" / "trials.jsonl").read_bytes().startswith(known)
        shutil.rmtree(tmp_path / "first")

    too_early = run("--resume", place, "--out", tmp_path / "second", cache=cache)
    assert too_early.returncode == ExitCode.RUN_DIRECTORY
    assert "seems to be driven by process" in too_early.stderr
    assert not (tmp_path / "second").exists()

    done = run("--resume", place, "--out", tmp_path / "second", "--take-over", cache=cache)
    assert done.returncode == 0, done.stderr
    assert "the newest line is of 20" in done.stderr
    there = tmp_path / "second" / "lost"
    history = history_of(there)
    assert sorted(history.trials) == list(range(TARGET))
    assert history.finished == TARGET
    assert not history.in_state("FAIL")
    assert (there / "trials.jsonl").read_bytes().startswith(known)
    # Also trials that ended on the lost machine can be looked at here.
    for record in history.trials.values():
        found = checkpoint.load_newest(there / "trials" / record.folder)
        assert found is not None
        assert record.checkpoint is not None
        assert found.record["sha256"] == record.checkpoint["sha256"]
    assert shared_ledger(place) == (there / "trials.jsonl").read_bytes()


@pytest.mark.slow
def test_a_driver_that_comes_back_from_the_dead_stops_with_6(tmp_path: Path) -> None:
    storage = str(tmp_path / "shared")
    place, cache = below(storage, "lost"), tmp_path / "cache"
    with started(tmp_path, storage) as driver:
        driver.send_signal(signal.SIGSTOP)
        done = run("--resume", place, "--out", tmp_path / "second", "--take-over", cache=cache)
        assert done.returncode == 0, done.stderr
        finished_there = (tmp_path / "second" / "lost" / "trials.jsonl").read_bytes()
        driver.send_signal(signal.SIGCONT)
        _, told = driver.communicate(timeout=120)
    assert driver.returncode == ExitCode.RUN_DIRECTORY
    assert "another driver has taken over this run" in told
    assert "Traceback" not in told
    assert shared_ledger(place) == finished_there
    assert n_finished(tmp_path / "second" / "lost") == TARGET


def test_a_storage_that_cannot_be_used_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    storage = str(tmp_path / "file" / "x")
    done = run(TINY, "--storage", storage, "--out", tmp_path / "runs", cache=tmp_path / "cache")
    assert done.returncode == ExitCode.DISK
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "runs").glob("*"))
