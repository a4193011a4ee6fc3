"""Run directories of earlier releases: read to the byte as they were written, and resumed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.load import load_run
from search.ledger.events import dump
from search.ledger.ledger import encode, read, read_history
from search.loggers.study_db import StudyDbLogger
from search.space.loader import load_study
from tests.search_tests.end_to_end_tests.test_run import command, environment, history_of, run, told

GOLDEN = Path(__file__).parents[2] / "golden" / "runs"
LEDGERS = sorted(GOLDEN.rglob("trials.jsonl"))


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda path: str(path.parent.relative_to(GOLDEN)))
def test_a_ledger_comes_back_byte_for_byte(ledger: Path) -> None:
    events, length = read(ledger)
    assert b"".join(encode(dump(event)) for event in events) == ledger.read_bytes()
    assert length == ledger.stat().st_size


def test_there_are_golden_ledgers_of_a_search_a_design_and_a_confirmation() -> None:
    assert len(LEDGERS) == 3


@pytest.mark.parametrize(("name", "states"), [("0.1-stopped", "CR"), ("0.1-design", "CC")])
def test_a_run_is_read_whole(name: str, states: str) -> None:
    found = load_run(GOLDEN / name)
    assert found.damage == ()
    assert "".join(trial.state[0] for trial in found.history.trials.values()) == states
    model = found.model(0)
    assert model(found.data().val.images[:4]).shape[0] == 4
    assert found.best_trial().is_default or name == "0.1-design"


def test_a_mirror_of_the_ledger_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = shutil.copytree(GOLDEN / "0.1-stopped", tmp_path / "r")
    before = (folder / "study.db").stat().st_ino
    study, history = load_study(folder / "space.resolved.yaml").study, read_history(folder / "trials.jsonl")
    StudyDbLogger(study, folder / "study.db", history).close()
    assert (folder / "study.db").stat().st_ino == before


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    folder = shutil.copytree(GOLDEN / "0.1-stopped", tmp_path / "runs" / "r")
    ledger = (folder / "trials.jsonl").read_bytes()
    done = run("--resume", folder, "--trials", "3", cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert (folder / "trials.jsonl").read_bytes().startswith(ledger)
    history = history_of(folder)
    assert len(history.trials) == history.finished == 3
    assert told(history)[0] == told(read_history(GOLDEN / "0.1-stopped" / "trials.jsonl"))[0]
    # Trial 1 goes on from its checkpoint, or begins again if a stage's code has changed since; what was
    # acknowledged of it stands either way.
    acknowledged, now = read_history(GOLDEN / "0.1-stopped" / "trials.jsonl").trials[1], history.trials[1]
    assert now.reports[: len(acknowledged.reports)] == acknowledged.reports
    assert now.state in ("COMPLETE", "PRUNED")


def test_a_finished_run_that_is_resumed_keeps_its_command_and_end(tmp_path: Path) -> None:
    """On a terminal that lacks the letters of its question; then where nothing can be printed."""
    folder = shutil.copytree(GOLDEN / "0.1-design", tmp_path / "runs" / "r")
    space = folder / "space.resolved.yaml"
    space.write_text(space.read_text().replace("Does a design", "Größe → ℝ: does a design"), encoding="utf-8")
    before = (folder / "run.json").read_bytes()
    arguments = [*command("--resume", folder)]
    ascii_only = {**environment(tmp_path / "cache"), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(arguments, capture_output=True, text=True, env=ascii_only, check=False)
    assert done.returncode == 0, done.stderr
    assert "Gr??e ? ?: does a design" in done.stdout
    assert (folder / "run.json").read_bytes() == before
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            arguments, stdout=full, stderr=subprocess.PIPE, text=True, env=ascii_only, check=False
        )
    assert done.returncode == 8, done.stderr
    assert "Traceback" not in done.stderr
    assert history_of(folder).finished == 2
