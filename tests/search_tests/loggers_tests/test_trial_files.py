"""params.json and metrics.csv hold what the history holds, whatever happens while they are written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from search.loggers.trial_files import TrialFilesLogger, regenerate
from tests.search_tests.histories import Run, make_params, make_study, replayed, typical_run


def write(run: Run, run_dir: Path) -> None:
    files = TrialFilesLogger(run_dir, run.study)
    for event, history in replayed(run):
        files.apply(event, history)
        files.apply(event, history)


def rows(run_dir: Path, trial: int) -> list[dict[str, str]]:
    with (run_dir / "trials" / f"{trial:04d}" / "metrics.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def contents(run_dir: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(run_dir)): path.read_bytes() for path in run_dir.rglob("*") if path.is_file()
    }


def test_params_hold_every_value_and_what_was_drawn(tmp_path: Path) -> None:
    run = Run(make_study())
    run.suggest(0, make_params(basis="pca"))
    write(run, tmp_path)
    document = json.loads((tmp_path / "trials/0000/params.json").read_text())
    assert document["trial"] == 0
    assert document["origin"] == "default"
    assert document["values"] == run.study.values(run.history.trials[0].params)
    assert document["values"]["auxiliary.junk_penalty"] == 0.0
    assert document["values"]["classifier.epochs"] == 18
    assert document["drawn"] == run.history.trials[0].params


def test_the_header_grows_with_the_metrics_and_numbers_come_back_exactly(tmp_path: Path) -> None:
    run = Run(make_study())
    run.suggest(0)
    run.result(0, 1, None, classifier__ce=0.1 + 0.2)
    run.result(0, 2, None, classifier__ce=1e-17)
    run.result(0, 3, 1, classifier__ce=-0.5, sae__fvu=0.25)
    run.result(0, 4, None, classifier__ce=2.0)
    write(run, tmp_path)
    table = rows(tmp_path, 0)
    assert [(row["epoch"], row["rung"]) for row in table] == [("1", ""), ("2", ""), ("3", "1"), ("4", "")]
    assert [float(row["classifier/ce"]) for row in table] == [0.1 + 0.2, 1e-17, -0.5, 2.0]
    assert [row["sae/fvu"] for row in table] == ["", "", "0.25", ""]


def test_regenerated_files_are_the_same_bytes_also_after_damage(tmp_path: Path) -> None:
    run = typical_run()
    write(run, tmp_path)
    before = contents(tmp_path)
    (tmp_path / "trials/0001/metrics.csv").write_bytes(b"torn li")
    (tmp_path / "trials/0002/params.json").unlink()
    regenerate(tmp_path, run.study, run.history)
    assert contents(tmp_path) == before


def test_a_resumed_driver_goes_on_in_the_same_table(tmp_path: Path) -> None:
    run = typical_run()
    write(run, tmp_path)
    files = TrialFilesLogger(tmp_path, run.study)
    files.apply(run.rung(9, 2, 0.9, 0.8), run.history)
    files.apply(run.rung(9, 3, 0.9, 0.8), run.history)
    assert [row["epoch"] for row in rows(tmp_path, 9)] == ["1", "2", "6", "18"]


def test_a_metric_name_is_no_formula_and_no_folder(tmp_path: Path) -> None:
    run = Run(make_study())
    run.suggest(0)
    wicked = '=HYPERLINK("http://x";"a,b")'
    run.result(0, 1, None, **{wicked: 1.0, "../../escape": 2.0})
    write(run, tmp_path)
    (row,) = rows(tmp_path, 0)
    assert row[f"'{wicked}"] == "1.0"
    assert all(not name.startswith(("=", "+", "-", "@")) for name in row)
    assert set(contents(tmp_path)) == {"trials/0000/params.json", "trials/0000/metrics.csv"}
