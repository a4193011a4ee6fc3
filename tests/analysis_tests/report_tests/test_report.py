"""report.py as a command: every kind of run, tables, and what it says in words."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from analysis.report import main
from search.errors import ExitCode
from search.space.loader import load_text
from search.study.sections import Objective
from tests.analysis_tests import runs
from tests.search_tests.histories import Run, make_study

STATES = (
    "unfinished_run",
    "only_pruned_run",
    "none_completed_run",
    "infeasible_run",
    "empty_run",
    "nan_run",
    "hostile_run",
)


def report(run: Path, out: Path) -> tuple[str, str]:
    """The page and its twin."""
    assert main([str(run), "--out", str(out)]) == 0
    return (out / "index.html").read_text(encoding="utf-8"), (out / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", STATES)
def test_every_kind_of_run_has_a_report(
    state: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html, text = report(request.getfixturevalue(state), tmp_path / "out")
    assert html.startswith("<!doctype html>")
    assert "## The answer" in text
    assert state == "nan_run" or not re.search(r"\bnan\b", text)
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "out" / "index.html"),
        str(tmp_path / "out" / "report.md"),
    ]
    pictures = {path.name for path in (tmp_path / "out" / "pictures").glob("*.svg")}
    linked = {line.rsplit("pictures/", 1)[1].rstrip(")") for line in text.splitlines() if line[:2] == "!["}
    assert linked == pictures


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("empty_run", "No trial has been begun yet"),
        (
            "only_pruned_run",
            "**0 of 5 trials** were trained in full, 5 stopped early. Nothing can be ranked yet.",
        ),
        ("infeasible_run", "0 of 4 keep the constraint"),
        ("none_completed_run", "| failed: diverged: loss | 2 | 0001, 0002 |"),
        ("nan_run", "failed: diverged: sae/fvu is nan"),
    ],
)
def test_what_is_said_of_runs_without_a_result(
    state: str, sentence: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    assert sentence in report(request.getfixturevalue(state), tmp_path)[1]


def test_one_objective_and_three(tmp_path: Path) -> None:
    third = Objective(metric="sae/dead_fraction", mode="min")
    for wished, heading, pairs in (
        (make_study(objectives=1).objectives, "## Course of the search", 0),
        ((*make_study().objectives, third), "## Pareto front", 3),
    ):
        run = Run(replace(make_study(trials=4), objectives=wished))
        for trial in range(4):
            run.complete(trial, 0.9 + 0.01 * trial, 0.5 + 0.1 * trial, dead=0.09 - 0.02 * trial)
        folder = runs.write_run(tmp_path / f"run{pairs}", run.study, run.events)
        text = report(folder, tmp_path / f"out{pairs}")[1]
        assert heading in text
        assert text.count("pictures/curves-") == len(wished)
        assert text.count("pictures/pareto-front-") == pairs


def test_a_design_has_its_paired_table_and_no_search_charts(tmp_path: Path) -> None:
    text = report(design_run(tmp_path / "design"), tmp_path / "out")[1]
    assert "## Does each direction help?" in text
    assert "| `pca` | −0.200 |" in text
    assert "The design is the default and 2 directions, each alone, in 3 replicates: 9 trials." in text
    for absent in ("## Slices", "## Parallel coordinates", "## Parameter importances", "## Learning curves"):
        assert absent not in text


def design_run(path: Path) -> Path:
    """Three replicates of a default, of pca (junk −0.2, almost without spread) and of gabor (no effect)."""
    space = """\
name: tiny_design
question: What does each direction do?
data: {name: digits, limit: 200}
objectives: [{metric: attribution/junk, mode: min}]
design:
  replicates: 3
  one_at_a_time:
    pca: {basis.kind: pca, basis.components: 8}
    gabor: {classifier.front_end: gabor}
trial: {classifier: {hidden_size: 16}, sae: {width: 24, k: 4}}
"""
    study = load_text(space, "design.yaml").study
    assert study.listed is not None
    run = Run(study)
    for number in range(study.listed.trials):
        params, _ = study.listed.draw(number)
        arm, replicate = str(params["direction"]), int(params["replicate"])
        noise = 0.01 * (replicate - 1)
        junk = {"default": 0.9, "pca": 0.7 + 0.1 * noise, "gabor": 0.9 + 3 * noise}[arm] + noise
        run.tell(event="suggest", trial=number, params=params, origin=f"design:{arm}")
        run.result(number, 1, 1, attribution__junk=junk, attribution__junk_null=1.0)
        run.end(number, "COMPLETE")
    return runs.write_run(path, study, run.events)


def test_a_run_whose_space_is_lost_still_tells_its_counts(unfinished_run: Path, tmp_path: Path) -> None:
    run = runs.copied(unfinished_run, tmp_path)
    (run / "space.resolved.yaml").write_text("name: [", encoding="utf-8")
    text = report(run, tmp_path / "out")[1]
    assert "10 trials: 4 trained in full, 2 stopped early, 3 failed" in text
    assert "## What could not be read" in text


def test_links_lead_to_the_galleries_there_are(unfinished_run: Path, tmp_path: Path) -> None:
    run = runs.copied(unfinished_run, tmp_path)
    page = run / "gallery" / "0001" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("a gallery", encoding="utf-8")
    assert main([str(run)]) == 0
    text = (run / "report" / "report.md").read_text(encoding="utf-8")
    assert "[0001](../gallery/0001/index.html)" in text
    assert (run / "report" / "../gallery/0001/index.html").is_file()
    assert "[0002]" not in text


def test_it_is_the_same_twice(unfinished_run: Path, tmp_path: Path) -> None:
    assert report(unfinished_run, tmp_path / "a") == report(unfinished_run, tmp_path / "b")


def test_tables_of_trials(
    unfinished_run: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(unfinished_run), "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capfdbinary.readouterr().out.decode())))
    assert main([str(unfinished_run), "--format", "json"]) == 0
    told = json.loads(capfdbinary.readouterr().out)
    assert (
        [row["trial"] for row in rows] == [str(row["trial"]) for row in told] == [str(n) for n in range(10)]
    )
    assert main([str(unfinished_run), "--format", "parquet", "--out", str(tmp_path / "t.parquet")]) == 0
    assert list(pd.read_parquet(tmp_path / "t.parquet").index) == list(range(10))


def test_errors_are_one_line_and_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == ExitCode.RUN_DIRECTORY
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1


def test_a_folder_that_cannot_be_written(unfinished_run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main([str(unfinished_run), "--out", str(tmp_path / "file" / "out")]) == ExitCode.DISK


def test_five_thousand_trials_make_a_small_page(long_run: Path, tmp_path: Path) -> None:
    html, text = report(long_run, tmp_path)
    assert len(html.encode()) < 2_000_000
    assert "are drawn" in text
