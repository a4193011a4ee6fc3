"""The single writer: an event is fsynced, then folded into the history, then shown to the loggers.

Ray calls scheduler, searcher and callbacks in an order that depends on the result, and repeats some
results after a retry; the history refuses repetitions, so each fact is recorded once whoever brings
it first.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from search.disk import as_disk_error, disk_errors
from search.errors import DiskError, Halt
from search.ledger.events import (
    Decision,
    End,
    EndState,
    Event,
    Result,
    Retry,
    Session,
    Suggest,
)
from search.ledger.history import History
from search.ledger.ledger import Ledger
from search.study.domains import Scalar
from search.version import VERSION
from trainables.workers.messages import StepReport, shortened

logger = logging.getLogger(__name__)


class TrialLogger(Protocol):
    """Something that follows a run: the terminal, TensorBoard, study.db, the trials' files."""

    def on_events(self, events: Sequence[Event], history: History) -> None:
        """Called after `events` are safe in the ledger and part of `history`."""

    def close(self) -> None:
        """The run ends; write what is still held back."""


class Recorder:
    """Acknowledges facts about trials. Every method returns after the fact is safe on disk.

    Raises Halt carrying a DiskError when it cannot be made safe.
    """

    def __init__(self, ledger: Ledger, history: History, loggers: Sequence[TrialLogger]) -> None:
        self.history = history
        self._ledger = ledger
        self._loggers = loggers

    def session(self, **facts: Any) -> None:
        """A driver took the run; `facts` are the fields of `Session`."""
        self._append([Session(time.time(), version=VERSION, **facts)])

    def suggest(self, trial: int, params: Mapping[str, Scalar], origin: str) -> None:
        """A trial exists from now on."""
        self._append([Suggest(time.time(), trial, dict(params), origin)])

    def results(
        self, trial: int, reports: Sequence[StepReport], checkpoint: Mapping[str, str] | None
    ) -> None:
        """What a step reported; `checkpoint` belongs to the last report."""
        record, now, last = self.history.trials[trial], time.time(), len(reports) - 1
        self._append(
            [
                Result(
                    now, trial, report.epoch, report.rung, report.metrics, checkpoint if i == last else None
                )
                for i, report in enumerate(reports)
                if record.is_news(report.epoch, report.rung)
            ]
        )

    def decision(self, trial: int, rung: int, action: str) -> None:
        """Whether the trial goes on after a rung."""
        self._append([Decision(time.time(), trial, rung, action)])

    def retry(self, trial: int, reason: str) -> None:
        """The trial's process died; it runs again from its checkpoint."""
        self._append([Retry(time.time(), trial, shortened(reason))])

    def end(
        self,
        trial: int,
        state: EndState,
        *,
        reason: str | None = None,
        values: Sequence[float] | None = None,
    ) -> None:
        """The trial is over; a second end is ignored."""
        if self.history.trials[trial].state == "RUNNING":
            why = None if reason is None else shortened(reason)
            self._append([End(time.time(), trial, state, why, None if values is None else tuple(values))])

    def _append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            self._ledger.append(events)
            for event in events:
                self.history.apply(event)
            for logger in self._loggers:
                logger.on_events(events, self.history)
        except DiskError as error:
            raise Halt(error) from None
        except OSError as error:
            raise Halt(as_disk_error(error)) from None


@contextmanager
def recording(path: Path, loggers: Callable[[History], Sequence[TrialLogger]]) -> Iterator[Recorder]:
    """A recorder that goes on with the ledger at `path`.

    A Halt leaves the block as the error it carries. An OSError of a logger is a DiskError, unless
    something worse is on its way, which it must not hide.
    """
    ledger, history = Ledger.open(path)
    followers: list[TrialLogger] = []
    with ledger:
        try:
            with disk_errors():
                followers.extend(loggers(history))
            yield Recorder(ledger, history, followers)
        except Halt as halt:
            _close(followers)
            raise halt.cause from None
        except BaseException:
            _close(followers)
            raise
        error = _close(followers)
        if error is not None:
            with disk_errors():
                raise error


def _close(followers: Sequence[TrialLogger]) -> OSError | None:
    """Close every logger, also after one that fails; the first failure."""
    first: OSError | None = None
    for follower in followers:
        try:
            follower.close()
        except OSError as error:
            logger.warning("closing after the run: %s", error)
            first = first or error
    return first
