"""What `search/confirm.py` does with a run directory, step by step."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from search.commands import python_command
from search.confirmation.estimates import Confirmed, collect
from search.confirmation.options import Options
from search.confirmation.schedule import owed
from search.confirmation.screen import Lines, print_results
from search.confirmation.subjects import Subject, Task, choose_subjects, named_subjects, tasks
from search.errors import DiskError, ExitCode, NoTrialCompleted, RunDirectoryError
from search.execution.signals import StopSignals
from search.formatting import count, shown
from search.ledger.history import History
from search.ledger.ledger import read_history
from search.run_dir.inputs import load_inputs
from search.run_dir.own_space import own_study, refuse_retired
from search.run_dir.run_directory import RunDirectory, open_existing
from search.study.study import Study
from trainables.storage.object_store import below


def confirm(options: Options) -> int:
    """Confirm a run; returns the exit code. Raises SearchError by what went wrong."""
    run = open_existing(options.run)
    run.acquire()
    try:
        searched = _searched(run)
        study = _granting(own_study(run, searched), options.gpu)
        refuse_retired(study)
        subjects = (
            named_subjects(searched, options.trials)
            if options.trials
            else choose_subjects(study, searched, options.top or study.confirm.top)
        )
        wanted = tasks(study, subjects, options.seeds or study.confirm.seeds)
        results = _run(study, searched, run, subjects, wanted, options)
    finally:
        run.release()
    _show(study, searched, results, run, options)
    return ExitCode.DONE


def _granting(study: Study, gpu: float | None) -> Study:
    """The study with another share of a GPU for each training, if one is given."""
    return study if gpu is None else replace(study, resources=study.resources.model_copy(update={"gpu": gpu}))


def _searched(run: RunDirectory) -> History:
    if not run.ledger.is_file():
        raise RunDirectoryError(f"{run.path} has no trials.jsonl: no trial was ever begun there")
    return read_history(run.ledger)


def _run(
    study: Study,
    searched: History,
    run: RunDirectory,
    subjects: Sequence[Subject],
    wanted: Sequence[Task],
    options: Options,
) -> list[Confirmed]:
    from search.confirmation.files import write_results
    from search.confirmation.run import Confirmation
    from search.run_dir.driver_log import driver_log
    from search.run_dir.run_info import noting_the_end
    from search.storage.shared_run import place_of, sharing

    dataset = load_inputs(study)
    directory = _folder(run.path / "confirm")
    progress = Console(file=sys.stderr, soft_wrap=True, highlight=False, no_color="NO_COLOR" in os.environ)
    progress.print(
        f"confirming {study.name}: {count(len(subjects), 'configuration')}, {count(len(wanted), 'training')}",
        markup=False,
    )
    confirmation = Confirmation(
        study=study,
        searched=searched,
        directory=directory,
        dataset=dataset,
        tasks=wanted,
        address=options.address,
        release=run.release,
        loggers=lambda history: [Lines(study, wanted, progress, history)],
    )
    searched_at = place_of(run, options.storage)
    place = None if searched_at is None else below(searched_at, directory.path.name)
    is_owed = any(owed(wanted, read_history(directory.ledger)))
    end = noting_the_end(study, directory, len(wanted), _again(run, options), is_owed=is_owed)
    with sharing(directory, place) as shared, end, driver_log(directory.log):
        history = replace(confirmation, sharing=shared).run(StopSignals())
        results = collect(searched, history, subjects)
        write_results(directory.path, study, searched, results)
        if not any(result.seeds for result in results):
            raise NoTrialCompleted("no training of the confirmation completed; the reasons stand above")
    return results


def _folder(path: Path) -> RunDirectory:
    """`confirm/`, guarded by the lock of the run that it belongs to."""
    directory = RunDirectory(path)
    try:
        directory.trials.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"{path}: cannot write here: {error.strerror}") from None
    return directory


def _again(run: RunDirectory, options: Options) -> str:
    """The line that tells how to go on: the same command."""
    given = [f"--trial {trial}" for trial in options.trials]
    given += [f"--top {options.top}"] if options.top else []
    given += [f"--seeds {options.seeds}"] if options.seeds else []
    given += [f"--gpu {options.gpu:g}"] if options.gpu is not None else []
    return f"go on with: {python_command('search/confirm.py', shown(run.path), *given)}"


def _show(
    study: Study, searched: History, results: Sequence[Confirmed], run: RunDirectory, options: Options
) -> None:
    from search.confirmation.files import results_json

    if options.json:
        document = {"run_dir": str(run.path), **results_json(study, searched, results)}
        print(json.dumps(document, indent=2))  # noqa: T201
        return
    console = Console(highlight=False, no_color="NO_COLOR" in os.environ)
    where = shown(run.path / "confirm")
    print_results(study, results, where, console, every_metric=options.every_metric)
