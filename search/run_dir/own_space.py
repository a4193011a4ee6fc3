"""What a run was begun with, as its directory keeps it: a space that was edited since is refused, as is a
ledger that was lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from search.errors import RunDirectoryError, SpaceError
from search.ledger.history import History
from search.run_dir.inputs import found_again
from search.run_dir.run_directory import RunDirectory
from search.space.loader import code_folders, load_text
from search.space.writer import seal_of
from search.space.yaml_tree import read_text
from search.study.study import Study
from trainables.foreign import search_in
from trainables.metrics.catalog import RETIRED


def own_study(directory: RunDirectory, history: History, overrides: Sequence[str] = ()) -> Study:
    """The study of a run, its images where they are now. RunDirectoryError if the file was edited.

    overrides: as of `load_study`; of where the images lie only.
    """
    text = read_text(directory.resolved_space)
    refuse_edited(directory.resolved_space, text, history)
    search_in(*code_folders(directory.resolved_space))
    study = load_text(text, str(directory.resolved_space), overrides).study
    return replace(study, data=found_again(study.data))


def refuse_retired(study: Study) -> None:
    """Raises SpaceError if the study judges by a metric that is measured no more: it can be read, not gone on
    with."""
    wanted = {objective.metric for objective in study.objectives}
    gone = sorted(RETIRED & (wanted | {constraint.metric for constraint in study.constraints}))
    if gone:
        raise SpaceError(
            f"this run judges by {', '.join(gone)}, which this version measures no more. It can be read as "
            "before; to search on start a new run with latents/readable among the objectives, or go on with "
            "the version that began it."
        )


def refuse_lost_ledger(directory: RunDirectory, history: History) -> None:
    """Raises RunDirectoryError if there are trials of which the ledger knows nothing.

    It names its session before the first trial begins, so no crash leaves that.
    """
    if not history.sessions and any(directory.trials.glob("[0-9]*")):
        raise RunDirectoryError(
            f"{directory.ledger} tells nothing, but there are trials: the file was lost or emptied. Restore "
            "it from a copy, or start a new run. Nothing was changed."
        )


def refuse_edited(path: Path, text: str, history: History) -> None:
    """Raises RunDirectoryError unless the text is as a driver wrote it; older versions left no seal."""
    sealed = [session.space for session in history.sessions if session.space is not None]
    try:
        is_own = seal_of(text) is not None or not sealed
    except ValueError:
        is_own = False
    if not is_own:
        raise RunDirectoryError(
            f"{path} was edited after the run began; going on would mix two spaces in one study. Restore it "
            "from a copy, or start a new run with the edited file as its space. Nothing was changed."
        )
