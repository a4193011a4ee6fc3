"""study.db, the SQLite mirror of the ledger that optuna-dashboard opens.

The ledger is the truth: a mirror that is missing, damaged, or tells another story is made anew.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import optuna
from sqlalchemy.exc import SQLAlchemyError

from search.errors import DiskError
from search.ledger.events import End, Event, Suggest
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

    def on_events(self, events: Sequence[Event], history: History) -> None:
        """Mirror new trials and new ends. A failing mirror is dropped for this session, not the search."""
        if self._book is None:
            return
        try:
            for event in events:
                if isinstance(event, Suggest):
                    self._book.begin(history.trials[event.trial])
                elif isinstance(event, End):
                    self._book.finish(history.trials[event.trial])
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
                if self._tells(book, history):
                    return book
                logger.warning("%s: not what the ledger says; made anew from it", self._path)
                book.close()
            except (SQLAlchemyError, optuna.exceptions.OptunaError):
                logger.warning("%s: damaged; made anew from the ledger", self._path)
            for leftover in self._path.parent.glob(f"{self._path.name}*"):
                leftover.unlink()
        try:
            book = OptunaStudy.in_file(self._study, self._path)
            book.fill(history)
        except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
            reason = str(getattr(error, "orig", None) or error)
            raise DiskError(f"{self._path}: cannot be made from the ledger: {reason}") from None
        return book

    def _tells(self, book: OptunaStudy, history: History) -> bool:
        """Whether the file says of every trial what the ledger says."""
        expected = OptunaStudy.in_memory(self._study)
        expected.fill(history)
        return book.contents() == expected.contents()
