"""Everything that follows a run, assembled: study.db, the trials' files, TensorBoard, the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from search.console.progress_display import Progress
from search.ledger.events import Event
from search.ledger.history import History
from search.ledger.recorder import TrialLogger
from search.loggers import tensorboard_events, trial_files
from search.loggers.study_db import StudyDbLogger
from search.loggers.tensorboard_events import TensorBoardLogger
from search.loggers.trial_files import TrialFilesLogger
from search.run_dir.run_directory import RunDirectory
from search.study.study import Study


class _Files:
    """params.json, metrics.csv and event files of every trial; made anew from the ledger at the start."""

    def __init__(self, study: Study, directory: RunDirectory, history: History) -> None:
        if history.trials:
            trial_files.regenerate(directory.path, study, history)
            tensorboard_events.regenerate(directory.path, study, history)
        self._parts = (TrialFilesLogger(directory.path, study), TensorBoardLogger(directory.path, study))

    def on_events(self, events: Sequence[Event], history: History) -> None:
        for part in self._parts:
            for event in events:
                part.apply(event, history)

    def close(self) -> None:
        self._parts[1].close()


class _Screen:
    """The live table or the plain lines."""

    def __init__(self, study: Study, directory: RunDirectory, history: History) -> None:
        self._progress = Progress(study, directory.path)
        self._progress.start(history)

    def on_events(self, events: Sequence[Event], history: History) -> None:  # noqa: ARG002
        self._progress.update(history)

    def close(self) -> None:
        self._progress.stop()


def loggers(study: Study, directory: RunDirectory, history: History) -> list[TrialLogger]:
    """In the order in which they hear of an event."""
    return [
        StudyDbLogger(study, directory.study_db, history),
        _Files(study, directory, history),
        _Screen(study, directory, history),
    ]
