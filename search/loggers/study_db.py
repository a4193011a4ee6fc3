"""study.db, the SQLite mirror of the ledger that optuna-dashboard opens.

The ledger is the truth: a mirror that is missing, damaged, or tells another story is made anew.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from search.ledger.history import History
from search.scheduling.optuna_study import OptunaStudy
from search.study.study import Study

logger = logging.getLogger(__name__)


class StudyDbLogger:
    """Follows the ledger's events into study.db."""

    def __init__(self, study: Study, path: Path, history: History) -> None:
        self._study = study
        self._path = path
        self._book: OptunaStudy | None = self._open(history)

    def on_events(self, events: Sequence[Mapping[str, Any]], history: History) -> None:
        """Mirror new trials and new ends. A failing mirror is dropped for this session, not the search."""
        if self._book is None:
            return
        try:
            for event in events:
                if event["event"] == "suggest":
                    self._book.begin(history.trials[event["trial"]])
                elif event["event"] == "end":
                    self._book.finish(history.trials[event["trial"]])
        except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
            logger.warning("%s: mirroring stopped, resume makes it anew: %s", self._path, error)
            self._book.close()
            self._book = None

    def close(self) -> None:
        """Let go of the file."""
        if self._book is not None:
            self._book.close()
            self._book = None

    def _open(self, history: History) -> OptunaStudy:
        if self._path.exists():
            try:
                book = OptunaStudy.in_file(self._study, self._path)
                if _tells(book, history):
                    return book
                book.close()
            except (SQLAlchemyError, optuna.exceptions.OptunaError):
                logger.warning("%s: damaged; made anew from the ledger", self._path)
            for leftover in self._path.parent.glob(f"{self._path.name}*"):
                leftover.unlink()
        book = OptunaStudy.in_file(self._study, self._path)
        for _, record in sorted(history.trials.items()):
            book.begin(record)
            if record.state != "RUNNING":
                book.finish(record)
        return book


def _tells(book: OptunaStudy, history: History) -> bool:
    """Whether the file holds the ledger's trials in the ledger's states."""
    states = {trial.number: trial.state for trial in book.optuna_study.get_trials(deepcopy=False)}
    return states == {number: TrialState[record.state] for number, record in history.trials.items()}
