"""All trials of a run as one table, and its way into JSON, CSV and Parquet."""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from analysis.reading.table_formats import Format
from search.disk import write_bytes
from search.ledger.history import History, TrialRecord
from search.loggers.trial_files import plain_cell
from search.ranking.floor import floor_words
from search.ranking.leaderboard import leaderboard, shown_metrics
from search.study.domains import Scalar
from search.study.study import Study

OWN_COLUMNS = ("state", "origin", "rank", "front", "rung", "epoch", "seconds", "retries", "reason")
_LARGEST = 2**63


def trial_table(study: Study | None, history: History) -> pd.DataFrame:
    """One row a trial, in the order of their numbers, which are the index `trial`.

    state: RUNNING, COMPLETE, PRUNED or FAIL; origin: who proposed it; rank: from 1, of those that the
    leaderboard ranks; front: whether no trial beats it in every objective; rung: the last that it reached, 0
    before the first; epoch: the last it told of; seconds: from its proposal to its end, with pauses between
    sessions; retries: deaths of its process; reason: why it failed or stopped.
    `params.<path>`: every setting that is searched or differs between trials, absent where inactive (without
    a study: what was drawn). Then the newest value of every metric under its own name; NaN where absent.
    """
    records = [record for _, record in sorted(history.trials.items())]
    columns = _own_columns(study, history, records)
    for path, values in _settings(study, records).items():
        columns[f"params.{path}"] = _column(values)
    metrics = [record.metrics for record in records]
    for name in dict.fromkeys(name for found in metrics for name in found):
        values = [found.get(name, math.nan) for found in metrics]
        columns[f"metrics.{name}" if name in columns else name] = pd.array(values, dtype="float64")
    index = pd.Index([record.number for record in records], name="trial", dtype="int64")
    return pd.DataFrame(columns, index=index)


def leaderboard_table(study: Study | None, ranked: Sequence[TrialRecord]) -> pd.DataFrame:
    """One row a ranked trial, best first, with the metrics of every leaderboard; NaN where absent.

    Behind each count a text column `<metric>: floor`, what dictionaries that nobody trained have of it.
    """
    names = [] if study is None else shown_metrics(study, ranked)
    columns: dict[str, object] = {}
    for name in names:
        columns[name] = pd.array([trial.metrics.get(name, math.nan) for trial in ranked], dtype="float64")
        beside = [floor_words(name, trial.metrics) for trial in ranked]
        if any(beside):
            columns[f"{name}: floor"] = pd.array(beside, dtype="str")
    index = pd.Index([trial.number for trial in ranked], name="trial", dtype="int64")
    return pd.DataFrame(columns, index=index)


def _own_columns(study: Study | None, history: History, records: Sequence[TrialRecord]) -> dict[str, object]:
    table = None if study is None else leaderboard(study, history, limit=len(records))
    ranks = {} if table is None else {trial.number: rank for rank, trial in enumerate(table.ranked, start=1)}
    front = set() if table is None else {trial.number for trial in table.front}
    values: list[list[object]] = [
        [record.state for record in records],
        [record.origin for record in records],
        [ranks.get(record.number) for record in records],
        [record.number in front for record in records],
        [max(record.rungs, default=0) for record in records],
        [record.reports[-1].epoch if record.reports else 0 for record in records],
        [math.nan if record.ended is None else max(0.0, record.ended - record.started) for record in records],
        [record.retries for record in records],
        [record.reason for record in records],
    ]
    dtypes = ("str", "str", "Int64", "bool", "int64", "int64", "float64", "int64", "str")
    return {
        name: pd.array(column, dtype=dtype)
        for name, column, dtype in zip(OWN_COLUMNS, values, dtypes, strict=True)
    }


def _settings(study: Study | None, records: Sequence[TrialRecord]) -> dict[str, list[Scalar | None]]:
    """Path -> its value in every trial, None where inactive."""
    if study is None:
        drawn: Sequence[Mapping[str, Scalar]] = [record.params for record in records]
        searched = dict.fromkeys(path for values in drawn for path in values)
    else:
        drawn = [study.values(record.params) for record in records]
        searched = dict.fromkeys(parameter.path for parameter in study.parameters)
    columns = {}
    for path in dict.fromkeys([*searched, *(path for values in drawn for path in values)]):
        column = [values.get(path) for values in drawn]
        if path in searched or any(value != column[0] for value in column):
            columns[path] = column
    return columns


def _column(values: Sequence[Scalar | None]) -> object:
    """An array of the narrowest type that holds all; gaps are NA in integers and booleans, else NaN."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int} and all(abs(value or 0) < _LARGEST for value in values if isinstance(value, int)):
        return pd.array(list(values), dtype="Int64")
    if kinds == {bool}:
        return pd.array(list(values), dtype="boolean")
    if kinds and kinds <= {int, float}:
        return pd.array([math.nan if value is None else float(value) for value in values], dtype="float64")
    if kinds <= {str}:
        return pd.array(list(values), dtype="str")
    return pd.array(list(values), dtype="object")


def write_table(frame: pd.DataFrame, where: Path | None, format: Format) -> None:
    """Write the table with its index into a file, whole or not at all, or to stdout where `where` is None.

    DiskError if the file cannot be written.
    """
    content = encoded(frame, format)
    if where is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_bytes(where, content)


def encoded(frame: pd.DataFrame, format: Format) -> bytes:
    """The table as the bytes of a file.

    json: an array of one object a row, null for what is missing or not finite. csv: UTF-8, RFC 4180, empty
    where missing; text that a spreadsheet would take for a formula gets an apostrophe before it. parquet: a
    column of mixed types holds each value as JSON text.
    """
    if format == "json":
        return _json(frame)
    if format == "csv":
        return _csv(frame)
    return _parquet(frame)


def _json(frame: pd.DataFrame) -> bytes:
    whole = frame.reset_index()
    names = [str(name) for name in whole.columns]
    columns = [[_plain_value(value) for value in whole.iloc[:, i].tolist()] for i in range(len(names))]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return (json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _plain_value(value: object) -> object:
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _csv(frame: pd.DataFrame) -> bytes:
    safe = frame.reset_index()
    safe.columns = pd.Index([plain_cell(str(name)) for name in safe.columns], dtype="str")
    for i, name in enumerate(safe.columns):
        column = safe.iloc[:, i]
        if column.dtype == "object" or isinstance(column.dtype, pd.StringDtype):
            safe[name] = pd.array([_safe(value) for value in column.tolist()], dtype="object")
    text = io.StringIO()
    safe.to_csv(text, index=False, lineterminator="\r\n")
    return text.getvalue().encode()


def _safe(value: object) -> object:
    return plain_cell(value) if isinstance(value, str) else value


def _parquet(frame: pd.DataFrame) -> bytes:
    typed = frame.copy()
    for name in typed.columns:
        if typed[name].dtype == "object":
            texts = [None if value is None else json.dumps(value) for value in typed[name].tolist()]
            typed[name] = pd.array(texts, dtype="str")
    buffer = io.BytesIO()
    typed.to_parquet(buffer, engine="pyarrow")
    return buffer.getvalue()
