"""status.py: what it says of runs of every kind."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analysis import status
from analysis.watch import showing
from analysis.watch.one_run import duration, rough, size
from analysis.watch.watched_run import WatchedRun
from analysis.watch.whereabouts import LIVE, whereabouts
from search.console.progress_tracker import ProgressTracker
from search.ledger.events import dump
from search.ledger.ledger import encode
from search.run_dir.run_directory import RunDirectory
from tests.analysis_tests.runs import copied
from tests.analysis_tests.status_output import document, told
from tests.search_tests.histories import typical_run

ROOT = Path(__file__).parents[3]


def test_a_reader_who_leaves_early_and_one_without_letters(hostile_run: Path) -> None:
    command = [sys.executable, str(ROOT / "analysis" / "status.py"), "--runs", str(hostile_run.parent)]
    reader, writer = os.pipe()
    os.close(reader)
    left = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (left.returncode, left.stderr) == (0, b"")
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    shown = subprocess.run(command, capture_output=True, env=ascii_only, check=True)
    assert shown.stdout.isascii()
    assert b"3/4" in shown.stdout


def test_a_run_that_begins_while_all_are_watched(
    unfinished_run: Path, empty_run: Path, tmp_path: Path
) -> None:
    copied(unfinished_run, tmp_path)
    chosen = showing.Chosen(None, tmp_path)
    chosen.look()
    assert len(chosen.runs) == 1
    copied(empty_run, tmp_path)
    chosen.look()
    assert [run.history.finished for run in chosen.runs.values()] == [9, 0]


def test_everything_of_an_unfinished_run(unfinished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, str(unfinished_run))
    for expected in (
        "broken off: its process is gone",
        "9/12",
        "4 complete  2 pruned  3 failed  1 unfinished",
        "best probe/accuracy 0.95 (trial 0001)",
        "best attribution/junk 0.6 (trial 0002)",
        "Pareto front: 2 of 4 complete trials",
        "2 x non-finite metric: sae/fvu (0006, 0007)",
        "1 x timeout after 600 s (0008)",
    ):
        assert expected in shown
    row = next(line for line in shown.splitlines() if line.startswith("0009"))
    assert row.split() == ["0009", "1/3", "2", "0:00:02", "0:00:00", "0.850", "0.900", "0.020"]


def test_the_document_says_the_same(unfinished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, str(unfinished_run))
    assert found["state"] == "broken off"
    assert found["counts"] == {
        **{"target": 12, "suggested": 10, "complete": 4, "pruned": 2, "failed": 3, "unfinished": 1}
    }
    assert [(b["metric"], b["value"], b["trial"]) for b in found["best"]] == [
        ("probe/accuracy", 0.95, 1),
        ("attribution/junk", 0.6, 2),
    ]
    assert found["front"] == [1, 2]
    assert found["unfinished"][0] | {"metrics": None} == {
        **{"trial": 9, "rung": 1, "epoch": 2, "since_s": 2.0, "silent_s": 0.0, "retries": 0, "metrics": None}
    }
    assert found["failed"][0] == {"reason": "non-finite metric: sae/fvu", "trials": [6, 7]}
    assert found["eta_s"] is None
    assert found["disk_bytes"] > 0
    assert found["confirmation"] is None


def test_time_left_is_what_the_driver_itself_would_say(tmp_path: Path, unfinished_run: Path) -> None:
    """Two sessions: what the first one did counts as done, but not in the rate."""
    path = copied(unfinished_run, tmp_path)
    run = typical_run()
    again = {"event": "session", "host": "h", "pid": 7, "target": 40, "time": run.now + 1000}
    run.tell(**again)
    expected = ProgressTracker(run.study)
    expected.start(run.history, run.events[-1].time)
    for trial in range(10, 18):
        run.prune(trial, 0.5, 0.9)
    expected.update(run.history)
    (path / "trials.jsonl").write_bytes(b"".join(encode(dump(event)) for event in run.events))
    watched = WatchedRun(path)
    watched.look()
    assert watched.tally is not None
    now = run.now + 60
    assert watched.tally.remaining_seconds(now) == expected.remaining_seconds(now) is not None
    assert watched.tally.per_minute(now) == expected.per_minute(now)


RUNS = ("unfinished_run", "only_pruned_run", "none_completed_run", "infeasible_run", "nan_run", "empty_run")


@pytest.mark.parametrize("name", [*RUNS, "long_run", "hostile_run"])
def test_any_run(request: pytest.FixtureRequest, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = request.getfixturevalue(name)
    shown = told(capsys, str(run))
    assert "on disk" in shown
    assert "\u202e" not in shown
    suggested = (run / "trials.jsonl").read_bytes().count(b'"event":"suggest"')
    assert document(capsys, str(run))["counts"]["suggested"] == suggested


def looked_at(path: Path) -> WatchedRun:
    run = WatchedRun(path)
    run.look()
    return run


@pytest.mark.parametrize("lost", ["run.json", "space.resolved.yaml", "trials.jsonl"])
def test_a_damaged_run(
    unfinished_run: Path, tmp_path: Path, lost: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied(unfinished_run, tmp_path)
    (path / lost).unlink()
    shown = " ".join(told(capsys, str(path)).split())
    assert f"{lost} is missing" in shown
    assert document(capsys, str(path))["damage"]


def test_all_runs_the_newest_first(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in RUNS:
        copied(request.getfixturevalue(name), tmp_path)
    copied(request.getfixturevalue("hostile_run"), tmp_path)
    shutil.rmtree(tmp_path / "empty-run" / "trials")
    shown = told(capsys, "--runs", str(tmp_path))
    assert all(name.replace("_", "-") in shown for name in RUNS)
    assert "9/12" in shown
    documents = document(capsys, "--runs", str(tmp_path))
    assert len(documents) == len(RUNS) + 1
    ages = [found["last_event"] for found in documents]
    assert ages == sorted(ages, reverse=True)
    assert "disk_bytes" not in documents[0]
    assert "best" in told(capsys, "--runs", str(tmp_path), "--watch")  # none goes on: it ends at once


def test_a_name_is_looked_for_among_the_runs(
    unfinished_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = document(capsys, unfinished_run.name, "--runs", str(unfinished_run.parent))
    assert found["run"] == str(unfinished_run)


def test_no_runs_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "python search/run.py spaces/sae.yaml" in told(capsys, "--runs", str(tmp_path))
    assert document(capsys, "--runs", str(tmp_path)) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nowhere"], "there is no run nowhere"),
        (["."], ". is not a run directory"),
        (["--runs", "nowhere"], "nowhere: no such folder"),
    ],
)
def test_what_is_no_run(
    arguments: list[str],
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status.main(arguments) == 6
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {text}")
    assert captured.err.count("\n") == 1


def test_json_cannot_be_watched(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        status.main(["--json", "--watch"])
    assert left.value.code == 2
    assert "not allowed with" in capsys.readouterr().err


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        status.main(["--help"])
    assert left.value.code == 0
    assert "python analysis/status.py sae-20260101-120000 --watch" in capsys.readouterr().out


def test_a_confirmation_that_goes_on_and_one_that_was_killed(
    unfinished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copied(unfinished_run, tmp_path)
    confirm = RunDirectory(path / "confirm")
    confirm.path.mkdir()
    confirm.write_info(status="running")
    events: list[dict[str, Any]] = [
        {
            "event": "session",
            "target": 8,
            "host": platform.node(),
            "pid": os.getpid(),
            "time": 1_780_000_100.0,
        },
        {
            "event": "suggest",
            "trial": 0,
            "params": {"trial": 1, "replicate": 500_000},
            "origin": "confirmation",
        },
        {"event": "end", "trial": 0, "state": "COMPLETE", "reason": None, "values": None},
    ]
    confirm.ledger.write_bytes(b"".join(encode({"time": 1_780_000_101.0, **event}) for event in events))
    directory = RunDirectory(path)
    directory.acquire()
    try:
        shown = told(capsys, str(path))
        assert "its best trials are being confirmed" in shown
        assert "confirmation: running, 1 of 8 trainings done" in shown
    finally:
        directory.release()
    found = document(capsys, str(path))
    assert found["confirmation"]["state"] == "broken off"
    assert found["state"] == "broken off"


def test_another_machine(unfinished_run: Path, tmp_path: Path) -> None:
    path = copied(unfinished_run, tmp_path)
    (path / "LOCK").write_text("process 17 on far.away\n")
    run = looked_at(path)
    assert run.where.state == "elsewhere"
    assert "process 17 on far.away" in run.where.sentence
    assert run.where.state in LIVE


def test_states_that_run_json_tells() -> None:
    history = typical_run().history
    for told_status in ("done", "interrupted", "failed"):
        info = {"status": told_status, "reason": "why\x1b[0m not\nmore"}
        found = whereabouts(None, info, history, None)
        assert found.state == told_status
        assert found.sentence == f"{told_status}: why[0m not"
    assert whereabouts(None, {}, history, None).state == "unknown"
    assert whereabouts(None, {"status": ["x"]}, history, None).state == "unknown"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-5, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 days")]
)
def test_ages(seconds: float, text: str) -> None:
    assert rough(seconds) == text


def test_durations_and_sizes() -> None:
    assert [duration(s) for s in (-1, 59.9, 3661)] == ["0:00:00", "0:00:59", "1:01:01"]
    assert [size(n) for n in (0, 999, 12_345, 12_300_000)] == ["0 B", "999 B", "12.3 kB", "12.3 MB"]
