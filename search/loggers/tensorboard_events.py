"""TensorBoard event files, one run a trial, written by the driver from the history.

Only the `tensorboard` package's own records are used; neither TensorFlow nor torch is imported. A file
is opened just to append to it, so that thousands of trials hold no open files and no threads.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

from search.ledger.events import Event, Session
from search.ledger.history import History, TrialRecord
from search.loggers.tensorboard_hparams import (
    RUNG_TAG,
    experiment_summary,
    session_end_summary,
    session_start_summary,
)
from search.loggers.tensorboard_images import BestSoFar, in_order_of_their_ends, picture_summary
from search.study.study import Study

FLUSH_SECONDS = 2.0
_PREFIX = "events.out.tfevents."


class EventFile:
    """The one event file of `folder`: a function of the history, byte for byte.

    Whoever opens it writes the folder's whole story from the start. What the disk already holds of the
    story stays as it is and the rest is appended, so that nothing is told twice after a resume and a
    TensorBoard that watches keeps its place; a file that tells anything else is replaced.
    Raises OSError when the folder cannot be written.
    """

    def __init__(self, folder: Path, started: float) -> None:
        self.path = folder / f"{_PREFIX}{int(started):010d}"
        self._reconciled = False
        self._pending = io.BytesIO()
        self._write(event_pb2.Event(wall_time=started, file_version="brain.Event:2"))

    def add(self, summary: summary_pb2.Summary, wall_time: float, step: int = 0) -> None:
        """Queue one summary; on disk after `flush`."""
        self._write(event_pb2.Event(wall_time=wall_time, step=step, summary=summary))

    def flush(self) -> None:
        """Append what is queued."""
        queued = self._pending.getvalue()
        self._pending = io.BytesIO()
        if not self._reconciled:
            queued = self._beyond_what_is_there(queued)
            self._reconciled = True
        if queued:
            with self.path.open("ab") as stream:
                stream.write(queued)

    def _beyond_what_is_there(self, story: bytes) -> bytes:
        """The part of the story that the folder lacks, after anything else has been removed from it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for path in self.path.parent.glob(f"{_PREFIX}*"):
            if path == self.path and story.startswith(known := path.read_bytes()):
                story = story[len(known) :]
            else:
                path.unlink()
        return story

    def _write(self, event: event_pb2.Event) -> None:
        RecordWriter(self._pending).write(event.SerializeToString(deterministic=True))


@dataclass
class _TrialLog:
    """One trial's file, and how much of its record the file holds."""

    file: EventFile
    reports: int = 0
    last_step: dict[str, int] = field(default_factory=dict)


class TensorBoardLogger:
    """Keeps `run_dir/trials` readable by `tensorboard --logdir` while the search runs."""

    def __init__(self, run_dir: Path, study: Study, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._logdir = run_dir / "trials"
        self._study = study
        self._clock = clock
        self._flushed = clock()
        self._logs: dict[int, _TrialLog] = {}
        self._closed: set[int] = set()
        self._best = BestSoFar(study)
        top = EventFile(self._logdir, 0.0)
        top.add(experiment_summary(study), 0.0)
        top.flush()

    def apply(self, event: Event, history: History) -> None:
        """Write what `event`, already folded into `history`, adds to its trial; repeats add nothing."""
        if not isinstance(event, Session):
            self.bring_up_to_date(event.trial, history)

    def bring_up_to_date(self, number: int, history: History) -> None:
        """Write what is new of a trial."""
        if number in self._closed:
            return
        trial = history.trials[number]
        self._write(trial, history)
        if trial.state != "RUNNING":
            self._logs.pop(number).file.flush()
            self._closed.add(number)
        if self._clock() - self._flushed >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Bring every running trial's file up to date."""
        for log in self._logs.values():
            log.file.flush()
        self._flushed = self._clock()

    def close(self) -> None:
        """Flush; trials that still run keep no end record, and a resume goes on with their files."""
        self.flush()
        self._logs.clear()

    def _write(self, trial: TrialRecord, history: History) -> None:
        log = self._logs.get(trial.number)
        if log is None:
            log = self._logs[trial.number] = _TrialLog(EventFile(self._logdir / trial.folder, trial.started))
            log.file.add(session_start_summary(self._study, trial), trial.started)
        for report in trial.reports[log.reports :]:
            metrics = dict(report.metrics)
            if report.rung is not None:
                metrics[RUNG_TAG] = float(report.rung)
            _add_scalars(log, metrics, report.epoch, report.time)
        log.reports = len(trial.reports)
        if trial.state == "COMPLETE" and trial.reports and self._best.takes(trial, history):
            pictures = picture_summary(self._logdir / trial.folder)
            if pictures is not None:
                log.file.add(pictures, trial.reports[-1].time, trial.reports[-1].epoch)
        if trial.state != "RUNNING":
            log.file.add(session_end_summary(trial), trial.started if trial.ended is None else trial.ended)


def _add_scalars(log: _TrialLog, metrics: Mapping[str, float], epoch: int, wall_time: float) -> None:
    """One point per metric and epoch: a rung's result may repeat the epoch of the report before it."""
    fresh = {name: value for name, value in metrics.items() if log.last_step.get(name) != epoch}
    log.last_step.update(dict.fromkeys(fresh, epoch))
    values = [summary_pb2.Summary.Value(tag=name, simple_value=value) for name, value in fresh.items()]
    if values:
        log.file.add(summary_pb2.Summary(value=values), wall_time, epoch)


def regenerate(run_dir: Path, study: Study, history: History) -> None:
    """Make every event file under `run_dir/trials` tell what the history tells, no more and no less."""
    board = TensorBoardLogger(run_dir, study)
    for trial in in_order_of_their_ends(history):
        board.bring_up_to_date(trial.number, history)
    board.close()
