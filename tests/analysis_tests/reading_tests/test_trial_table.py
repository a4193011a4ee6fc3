"""The table of all trials: its columns, and its way into three formats and back."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from analysis.load import load_run
from analysis.reading.table_formats import FORMATS, Format
from analysis.reading.trial_table import (
    OWN_COLUMNS,
    encoded,
    trial_table,
    write_table,
)
from search.errors import DiskError
from search.ledger.events import parse
from search.ledger.history import History, fold
from tests.analysis_tests.runs import HOSTILE
from tests.search_tests.histories import make_study, typical_run


@pytest.fixture
def frame() -> pd.DataFrame:
    run = typical_run()
    return trial_table(run.study, run.history)


def test_columns_of_a_typical_run(frame: pd.DataFrame) -> None:
    assert frame.index.name == "trial"
    assert frame.index.tolist() == list(range(10))
    assert tuple(frame.columns[: len(OWN_COLUMNS)]) == OWN_COLUMNS
    assert frame["state"].tolist() == ["COMPLETE"] * 4 + ["PRUNED"] * 2 + ["FAIL"] * 3 + ["RUNNING"]
    assert frame["rank"].dropna().to_dict() == {1: 1, 2: 2, 0: 3}  # 3 breaks the constraint
    assert frame.index[frame["front"]].tolist() == [1, 2]
    assert frame["rung"].tolist() == [3, 3, 3, 3, 1, 2, 0, 0, 0, 1]
    assert frame.loc[8, "reason"] == "timeout after 600 s"
    assert math.isnan(frame.loc[9, "seconds"])
    assert frame.loc[4, "seconds"] == 3.0  # a result, a decision, the end: a second each


def test_settings_are_what_a_trial_really_had(frame: pd.DataFrame) -> None:
    assert frame["params.basis.components"].dropna().to_dict() == {1: 16, 5: 16, 9: 16}
    assert frame["params.sae.l1"].dropna().to_dict() == {2: 0.31}
    assert frame.loc[0, "params.auxiliary.junk_penalty"] == 0  # switched off
    assert frame.loc[1, "params.auxiliary.junk_penalty"] == 0.5
    assert "params.classifier.kind" not in frame  # the same in all
    assert {str(frame[f"params.{path}"].dtype) for path in ("sae.k", "sae.width")} == {"Int64"}


def test_metrics_are_the_newest_and_absent_ones_are_nan(frame: pd.DataFrame) -> None:
    run = typical_run()
    for number, record in run.history.trials.items():
        row = frame.loc[number]
        names = [name for name in frame.columns if "/" in name]
        assert {name: row[name] for name in names if not math.isnan(row[name])} == dict(record.metrics)


def test_a_metric_named_like_a_column_gets_another_name() -> None:
    run = typical_run()
    run.tell(event="result", trial=9, epoch=9, rung=None, metrics={"state": 1.0}, checkpoint=None)
    frame = trial_table(run.study, run.history)
    assert frame.loc[9, "state"] == "RUNNING"
    assert frame.loc[9, "metrics.state"] == 1.0


def test_without_a_study_and_without_trials() -> None:
    assert trial_table(make_study(), History()).empty
    frame = trial_table(None, typical_run().history)
    assert frame["rank"].isna().all()
    assert bool(frame.loc[1, "params.auxiliary.junk_penalty?"])


@pytest.fixture(
    params=["real_run", "unfinished_run", "nan_run", "hostile_run", "empty_run", "infeasible_run"]
)
def any_frame(request: pytest.FixtureRequest) -> pd.DataFrame:
    return load_run(request.getfixturevalue(request.param)).trials()


def test_parquet_comes_back_as_it_was(any_frame: pd.DataFrame) -> None:
    again = pd.read_parquet(io.BytesIO(encoded(any_frame, "parquet")))
    pd.testing.assert_frame_equal(again, any_frame)


def test_json_comes_back_value_by_value(any_frame: pd.DataFrame) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    rows = json.loads(encoded(any_frame, "json"), parse_constant=refuse)
    assert [row["trial"] for row in rows] == any_frame.index.tolist()
    for row in rows:
        for name in any_frame.columns:
            value = any_frame.loc[row["trial"], name]
            assert row[name] == (None if pd.isna(value) else value)


def test_csv_comes_back_but_for_the_apostrophes(any_frame: pd.DataFrame) -> None:
    text = encoded(any_frame, "csv").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [int(row["trial"]) for row in rows] == any_frame.index.tolist()
    for row, (_, values) in zip(rows, any_frame.iterrows(), strict=True):
        for name, value in values.items():
            cell = row[name if not str(name).startswith("=") else f"'{name}"]
            if pd.isna(value):
                assert cell == ""
            elif isinstance(value, float):
                assert float(cell) == value
            else:
                assert cell in (str(value), f"'{value}")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_of_the_csv_is_a_formula(start: str) -> None:
    run = typical_run()
    run.fail(10, f"{start}1+1")
    run.suggest(11, {"sae.kind": f"{start}cmd|x"})
    metrics = {f"{start}SUM(A1)": -1.5}
    run.tell(event="result", trial=11, epoch=1, rung=None, metrics=metrics, checkpoint=None)
    text = encoded(trial_table(run.study, run.history), "csv").decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    cells = [cell for row in rows for cell in row]
    assert {f"'{start}1+1", f"'{start}cmd|x", f"'{start}SUM(A1)", "-1.5"} <= set(cells)
    assert not [c for c in cells if c.startswith(("=", "+", "@", "\t", "\r", "\n")) or c[:2] in ("-1+", "-S")]


def test_a_setting_of_mixed_types() -> None:
    events = [
        parse({"event": "suggest", "trial": i, "params": {"x": value}, "origin": "sampler", "time": 1.0})
        for i, value in enumerate((1, "one", True, 2.5, 2**70))
    ]
    frame = trial_table(None, fold(events))
    assert frame["params.x"].tolist() == [1, "one", True, 2.5, 2**70]
    assert [row["params.x"] for row in json.loads(encoded(frame, "json"))] == [1, "one", True, 2.5, 2**70]
    again = pd.read_parquet(io.BytesIO(encoded(frame, "parquet")))
    assert again["params.x"].tolist() == ["1", '"one"', "true", "2.5", str(2**70)]
    assert b"one" in encoded(frame, "csv")


def test_any_text_can_be_written(hostile_run: Path) -> None:
    frame = load_run(hostile_run).trials()
    assert all(encoded(frame, format) for format in FORMATS)
    assert frame.loc[2, "reason"].endswith("second line \\udcff")
    assert HOSTILE.replace('"', '""') in encoded(frame, "csv").decode()


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_written_whole_or_not_at_all(frame: pd.DataFrame, tmp_path: Path, format: Format) -> None:
    path = tmp_path / "new" / f"trials.{format}"
    write_table(frame, path, format)
    assert path.read_bytes() == encoded(frame, format)
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    (tmp_path / "file").touch()
    with pytest.raises(DiskError, match="cannot write"):
        write_table(frame, tmp_path / "file" / "trials", format)


def test_stdout(frame: pd.DataFrame, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_table(frame, None, "csv")
    assert capfdbinary.readouterr().out == encoded(frame, "csv")
