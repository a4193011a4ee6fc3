"""`params.json` and `metrics.csv` of every trial, for people and their own scripts.

Both are views of the history, written by the driver and replaceable at any time by `regenerate`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.ledger.events import End, Event, Result, Session, Suggest
from search.ledger.history import History, Report, TrialRecord
from search.study.study import Study
from trainables.storage.atomic_file import write_whole

_LEADING = ("epoch", "rung", "time")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass
class _Table:
    """What a trial's `metrics.csv` holds already."""

    metrics: list[str]
    rows: int


class TrialFilesLogger:
    """Writes the files of a run's trials as events come in. Raises OSError when the disk refuses."""

    def __init__(self, run_dir: Path, study: Study) -> None:
        self._folder = run_dir / "trials"
        self._study = study
        self._tables: dict[int, _Table] = {}

    def apply(self, event: Event, history: History) -> None:
        """Write what `event`, already folded into `history`, adds to its trial; repeats add nothing."""
        if isinstance(event, Session):
            return
        trial = history.trials[event.trial]
        if isinstance(event, Suggest):
            write_params(self._folder / trial.folder, self._study, trial)
        elif isinstance(event, Result):
            self._write_metrics(trial)
        elif isinstance(event, End):
            self._tables.pop(event.trial, None)

    def _write_metrics(self, trial: TrialRecord) -> None:
        path = self._folder / trial.folder / "metrics.csv"
        table = self._tables.get(trial.number)
        if table is not None and table.rows == len(trial.reports):
            return
        if table is None or any(
            set(report.metrics) - set(table.metrics) for report in trial.reports[table.rows :]
        ):
            self._tables[trial.number] = write_metrics(path.parent, trial)
            return
        with path.open("a", encoding="utf-8", newline="") as stream:
            stream.write(_csv_text(_row(report, table.metrics) for report in trial.reports[table.rows :]))
        table.rows = len(trial.reports)


def write_params(folder: Path, study: Study, trial: TrialRecord) -> None:
    """`values`: every setting of the trial by dotted path; `drawn`: what was proposed, switches included."""
    document = {
        "trial": trial.number,
        "origin": trial.origin,
        "values": study.values(trial.params),
        "drawn": trial.params,
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    _put(folder / "params.json", text.encode())


def write_metrics(folder: Path, trial: TrialRecord) -> _Table:
    """The whole table, one row per report; a metric that a report lacks is an empty cell."""
    metrics = list(dict.fromkeys(name for report in trial.reports for name in report.metrics))
    header: list[object] = [*_LEADING, *(plain_cell(name) for name in metrics)]
    rows = (_row(report, metrics) for report in trial.reports)
    _put(folder / "metrics.csv", _csv_text([header, *rows]).encode())
    return _Table(metrics, len(trial.reports))


def regenerate(run_dir: Path, study: Study, history: History) -> None:
    """Write both files of every trial again from the history."""
    for trial in history.trials.values():
        folder = run_dir / "trials" / trial.folder
        write_params(folder, study, trial)
        if trial.reports:
            write_metrics(folder, trial)
        else:
            (folder / "metrics.csv").unlink(missing_ok=True)


def _put(path: Path, content: bytes) -> None:
    """Write a file unless it is there as it should be; replacing thousands would take a minute."""
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        pass  # writing tells what is wrong with it
    write_whole(path, content)


def _row(report: Report, metrics: Sequence[str]) -> list[object]:
    rung = "" if report.rung is None else report.rung
    return [report.epoch, rung, f"{report.time:.3f}", *(report.metrics.get(name, "") for name in metrics)]


def plain_cell(text: str) -> str:
    """Text that a spreadsheet will not run: names of own metrics come from outside."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _csv_text(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
