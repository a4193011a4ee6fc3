"""A run as a notebook sees it: its trials as a table, its models to call, its data.

    from analysis.load import load_run
    run = load_run("runs/sae-20260101-120000")
    run.leaderboard()
    run.front_plot()
    run.best().feature(12)
    z = run.best()(run.data().val.images[:8])

Reads the run's files only: it never starts Ray, takes no lock, writes nothing, and reads a run that is
unfinished, damaged, moved, or being written at this moment as far as it is whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.reading.encodable import encodable
from analysis.reading.ledger_reading import LedgerFollower, drop_what_does_not_fit
from analysis.reading.run_owner import is_being_written
from analysis.trial_model import TrialModel
from search.errors import (
    NoTrialCompleted,
    RunDirectoryError,
    SearchError,
    SpaceError,
)
from search.formatting import one_line
from search.ledger.history import History, TrialRecord
from search.ranking.leaderboard import leaderboard
from search.ranking.pareto import pareto_front
from search.run_dir.links import refuse_links_out
from search.run_dir.run_directory import RunDirectory
from search.space.loader import code_folders, load_text
from search.space.writer import seal_of
from search.space.yaml_tree import read_text
from search.study.study import Study
from trainables.foreign import search_in

if TYPE_CHECKING:
    import pandas as pd

    from analysis.charts.chart import Chart
    from analysis.reading.confirmed import ConfirmedRun
    from trainables.data.dataset import Dataset


class Run:
    """What a run directory holds, read once; see `load_run`."""

    def __init__(
        self,
        path: Path,
        study: Study | None,
        info: Mapping[str, Any],
        history: History,
        damage: tuple[str, ...],
    ) -> None:
        self.path = path
        self.study = study
        """None if space.resolved.yaml is missing or cannot be read."""
        self.info = info
        """run.json; empty if it is missing or cannot be read."""
        self.history = history
        self.damage = damage
        """What could not be read, a sentence each."""

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {len(self.history.trials)} trials)"

    @property
    def name(self) -> str:
        """The name of the run's folder."""
        return self.path.name

    @cached_property
    def confirmation(self) -> ConfirmedRun | None:
        """What `search/confirm.py` measured in this run so far; None if it never ran here."""
        from analysis.reading.confirmed import read_confirmation

        return read_confirmation(self.path / "confirm", self.history)

    def trials(self) -> pd.DataFrame:
        """One row a trial; see `analysis.reading.trial_table.trial_table` for the columns."""
        from analysis.reading.trial_table import trial_table

        return trial_table(self.study, self.history)

    def leaderboard(self) -> pd.DataFrame:
        """Ranked trials, best first: objectives, constraints, how sparse and faithful the codes are, and
        beside each count its floor in words; see `analysis.reading.trial_table.leaderboard_table`."""
        from analysis.reading.trial_table import leaderboard_table

        return leaderboard_table(self.study, self.ranked())

    def ranked(self) -> list[TrialRecord]:
        """Fully trained trials that keep every constraint, as the leaderboard ranks them: best first."""
        if self.study is None:
            return []
        return leaderboard(self.study, self.history, limit=len(self.history.trials)).ranked

    def front(self) -> list[TrialRecord]:
        """Those that no other beats in every objective; with one objective, the best."""
        return [] if self.study is None else pareto_front(self.study, self.history.in_state("COMPLETE"))

    def front_plot(self) -> Chart:
        """The report's picture of the objectives against each other, or of the search's course where there is
        one objective; a notebook shows it. NoTrialCompleted without a trial that was trained in full."""
        from analysis.report_parts.blocks import Figure
        from analysis.report_parts.front import front
        from analysis.report_parts.outlook import Outlook

        section = (
            None
            if self.study is None
            else front(Outlook(self, self.study, self.path / "report", str(self.path)))
        )
        if section is None:
            raise NoTrialCompleted(f"{self.path} has no trial that was trained in full, and no front to draw")
        return next(block.chart for block in section.blocks if isinstance(block, Figure))

    def best_trial(self) -> TrialRecord:
        """The first of `ranked`. NoTrialCompleted if there is none."""
        ranked = self.ranked()
        if ranked:
            return ranked[0]
        if self.study is None:
            raise RunDirectoryError(f"{self.path}: nothing can be ranked: {'; '.join(self.damage)}")
        complete = len(self.history.in_state("COMPLETE"))
        why = f"each of the {complete} trained in full breaks a constraint"
        if not complete:
            why = f"none of its {len(self.history.trials)} trials was trained in full"
        raise NoTrialCompleted(f"{self.path} has no best trial: {why}")

    def best(self) -> TrialModel:
        """The model of `best_trial`."""
        return self.model(self.best_trial().number)

    def model(self, number: int) -> TrialModel:
        """The model of a finished trial, from its checkpoint, on the CPU.

        SpaceError if there is no such trial or it was not trained in full, RunDirectoryError if its
        checkpoint is missing or is not what the trial left.
        """
        from analysis.reading.trial_checkpoint import read_model

        record = self.history.trials.get(number)
        if record is None:
            raise SpaceError(f"{self.path} has no trial {number}; it has {len(self.history.trials)}")
        config, features, meta = read_model(self.path / "trials" / record.folder, record)
        return TrialModel(number, config, features, meta, self.data)

    def data(self) -> Dataset:
        """The images of the run, read again and held against the digest that the run recorded.

        DataMissing if they are not there or are others.
        """
        from analysis.reading.run_data import load_run_data

        if self.study is None:
            raise RunDirectoryError(f"{self.path}: which data it used is not known: {'; '.join(self.damage)}")
        return load_run_data(self.study, self.history)


def load_run(path: str | Path) -> Run:
    """Read a run directory as far as it is whole. RunDirectoryError if it is none, or a link leads out."""
    directory = RunDirectory(Path(path))
    if not is_run(directory.path):
        raise no_run(path)
    refuse_links_out(directory.path)
    damage: list[str] = []
    info = read_info(directory.path, damage)
    study = read_study(directory.path, damage)
    history = _read_history(directory, damage)
    if study is not None:
        drop_what_does_not_fit(study, history, damage)
    return Run(directory.path, study, info, history, tuple(damage))


def is_run(path: Path) -> bool:
    """Whether a driver made this folder."""
    return any((path / name).is_file() for name in ("trials.jsonl", "space.resolved.yaml"))


def no_run(path: str | Path) -> RunDirectoryError:
    """What to raise where `is_run` says no."""
    if not os.path.lexists(path):
        return RunDirectoryError(f"there is no run {path}")
    return RunDirectoryError(
        f"{path} is not a run directory: it has neither trials.jsonl nor space.resolved.yaml"
    )


def find_runs(root: str | Path) -> list[Path]:
    """Run directories right below `root`, by name; empty if there is no such folder."""
    try:
        return sorted(path for path in Path(root).iterdir() if path.name[0] != "." and is_run(path))
    except OSError:
        return []


def read_info(folder: Path, damage: list[str]) -> Mapping[str, Any]:
    """run.json of a folder, empty with a sentence in `damage` if it cannot be read."""
    try:
        info = json.loads((folder / "run.json").read_text(encoding="utf-8"), parse_constant=str)
    except FileNotFoundError:
        damage.append("run.json is missing: when, where and by what command it was run is not known")
        return {}
    except (OSError, ValueError, RecursionError) as error:
        damage.append(f"run.json cannot be read: {one_line(str(error))}")
        return {}
    if not isinstance(info, dict):
        damage.append("run.json cannot be read: it is no JSON object")
        return {}
    return dict(encodable(info))


def read_study(folder: Path, damage: list[str]) -> Study | None:
    """The study of a run, None with a sentence in `damage` if it cannot be read."""
    path = folder / "space.resolved.yaml"
    if not path.is_file():
        damage.append("space.resolved.yaml is missing: the question, objectives and domains are not known")
        return None
    try:
        text = read_text(path)
        if _is_edited(text):
            damage.append("space.resolved.yaml was edited after the run began: what it says may not be so")
        search_in(*code_folders(path))
        return load_text(text, str(path)).study
    except SearchError as error:
        damage.append(f"space.resolved.yaml cannot be read: {one_line(str(error), 500)}")
        return None


def _is_edited(text: str) -> bool:
    try:
        seal_of(text)
    except ValueError:
        return True
    return False


def _read_history(directory: RunDirectory, damage: list[str]) -> History:
    if not directory.ledger.is_file():
        damage.append("trials.jsonl is missing: no trial was begun, or its record is lost")
        return History()
    follower = LedgerFollower(directory.ledger)
    try:
        follower.poll()
    except OSError as error:
        damage.append(f"trials.jsonl cannot be read: {error.strerror}")
    damage += follower.complaints(being_written=is_being_written(directory.path))
    return follower.history
