"""status.py on a run that only shared storage has: a folder, and an S3 server."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.status import main
from analysis.watch.shared_run import SharedRun
from search.errors import ExitCode
from search.storage.lease import current, newcomer, sign
from search.storage.ledger_segments import Segments
from tests.analysis_tests.runs import copied
from trainables.storage.object_store import Store, below


@pytest.fixture
def shared(place: str, unfinished_run: Path, tmp_path: Path) -> tuple[str, Store, Segments, Path]:
    """A run on the storage by a driver that lives, with the first half of its ledger."""
    run = copied(unfinished_run, tmp_path / "here")
    where = below(place, "r")
    store, driver = Store(where), newcomer(None)
    sign(store, driver)
    for name in ("run.json", "space.yaml", "space.resolved.yaml"):
        if (run / name).exists():
            store.put(name, (run / name).read_bytes())
    lines = (run / "trials.jsonl").read_bytes().splitlines(keepends=True)
    segments = Segments(store, driver.id, run / "trials.jsonl")
    segments.flush(len(b"".join(lines[: len(lines) // 2])))
    return where, store, segments, run


def test_what_a_run_elsewhere_is_doing(
    shared: tuple[str, Store, Segments, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    where, _, segments, run = shared
    watched = SharedRun(where)
    watched.look()
    before = watched.history.finished
    assert watched.where.state in ("running", "starting")
    segments.flush((run / "trials.jsonl").stat().st_size)
    shutil.rmtree(run)
    watched.look()
    assert watched.history.finished > before
    assert main([where, "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["owner"]["alive"] is True
    assert main([where]) == ExitCode.DONE
    assert watched.place in "".join(capsys.readouterr().out.split())


def test_a_driver_that_left_is_not_taken_for_a_live_one(
    shared: tuple[str, Store, Segments, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    where, store, _, _ = shared
    driver = current(store)
    assert driver is not None
    sign(store, replace(driver), ended=True)
    assert main([where, "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["owner"]["alive"] is False


def test_nothing_was_shared_there(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    Store(below(place, "x")).put("drivers/readme.txt", b"x")
    assert main([below(place, "x")]) == ExitCode.RUN_DIRECTORY
    assert capsys.readouterr().err.startswith("error: ")
