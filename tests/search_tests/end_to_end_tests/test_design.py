"""A whole design as a user runs it: the arms in pairs, broken off and resumed, and its table."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.directions_table import main
from tests.search_tests.end_to_end_tests.test_run import ROOT, history_of, run, told

SPACE = Path(__file__).parents[1] / "spaces" / "tiny_design.yaml"
TINY = Path(__file__).parents[1] / "spaces" / "tiny.yaml"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("design")
    done = run(SPACE, "--name", "whole", cache=root / "cache")
    assert done.returncode == 0, done.stderr
    assert "python -m analysis.directions_table runs/whole" in done.stdout.replace("'", "")
    return root / "runs" / "whole"


@pytest.mark.slow
def test_every_arm_is_trained_in_full_in_every_replicate(finished: Path) -> None:
    trials = history_of(finished).trials
    assert {(t.origin, t.params["replicate"]) for t in trials.values()} == {
        (origin, replicate) for origin in ("design:default", "design:relu") for replicate in (0, 1)
    }
    assert {t.state for t in trials.values()} == {"COMPLETE"}
    assert all(list(t.rungs) == [1] for t in trials.values())


def test_a_pair_shares_what_its_direction_leaves_alone(finished: Path) -> None:
    """The direction changes the SAE: within a replicate the classifier is the same, between them not."""
    found = {
        (t.params["direction"], t.params["replicate"]): t.metrics["classifier/ce"]
        for t in history_of(finished).trials.values()
    }
    assert found["default", 0] == found["relu", 0]
    assert found["default", 1] == found["relu", 1]
    assert found["default", 0] != found["default", 1]


def test_params_json_tells_direction_and_settings(finished: Path) -> None:
    document = json.loads((finished / "trials" / "0001" / "params.json").read_text())
    assert document["origin"] == "design:relu"
    assert document["values"]["direction"] == "relu"
    assert document["values"]["sae.l1"] == 0.5


@pytest.mark.slow
def test_broken_off_it_is_resumed_to_the_same_end(finished: Path, tmp_path: Path) -> None:
    broken = tmp_path / "runs" / "whole"
    # Without the checkpoints, which would be ahead of the ledger that is cut below.
    shutil.copytree(finished, broken, ignore=shutil.ignore_patterns("checkpoint"))
    lines = (broken / "trials.jsonl").read_text().splitlines(keepends=True)
    end = next(i for i, line in enumerate(lines) if '"trial":2' in line)
    (broken / "trials.jsonl").write_text("".join(lines[: end + 1]))
    again = run("--resume", broken, cache=finished.parents[1] / "cache")
    assert again.returncode == 0, again.stderr
    assert told(history_of(broken)) == told(history_of(finished))
    more = run("--resume", broken, "--trials", "6", cache=finished.parents[1] / "cache")
    assert more.returncode == 2
    assert "a design of 4 trials" in more.stderr


def test_the_table_shows_level_and_paired_differences(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(finished)]) == 0
    page = capsys.readouterr().out
    assert "4 of 4 trials trained in full" in page
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| ")}
    assert set(rows) == {"direction", "---", "**default**, itself", "relu"}
    assert rows["relu"].split("|")[2].strip() == "2"
    metrics = {
        (t.params["direction"], t.params["replicate"]): t.metrics["sae/fvu"]
        for t in history_of(finished).trials.values()
    }
    differences = [metrics["relu", r] - metrics["default", r] for r in (0, 1)]
    shown = re.match(r"[+-][\d.]+", rows["relu"].split("|")[7].strip())
    assert shown is not None
    assert float(shown[0]) == pytest.approx(sum(differences) / 2, abs=6e-4)
    assert "- relu: `sae.kind: relu`, `sae.l1: 0.5`" in page


def test_a_search_has_no_such_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "search"
    folder.mkdir()
    (folder / "space.resolved.yaml").write_text(TINY.read_text())
    assert main([str(folder)]) == 6
    assert "its space file has no `design`" in capsys.readouterr().err


def test_the_table_starts_no_ray() -> None:
    code = (
        "import sys, analysis.directions_table; print(sorted({'ray', 'torch', 'optuna'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
