"""What `search/run.py` does with a space file or a run directory, step by step."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from search.cli.options import Options
from search.disk import write_atomically
from search.errors import ExitCode, SearchError, SpaceError
from search.execution.signals import StopSignals
from search.formatting import one_line, shown
from search.ledger.history import History, fold
from search.ledger.ledger import read
from search.run_dir.run_directory import RunDirectory, create, open_existing
from search.run_dir.run_info import noting_the_end
from search.space.loader import load_study
from search.space.writer import describe_difference, to_yaml
from search.study.study import Study

if TYPE_CHECKING:
    from search.cli.memory import Sizes
    from search.storage.shared_run import Sharing


def search(options: Options) -> int:
    """A fresh search, a dry run, or the continuation of a run; returns the exit code."""
    if options.resume is not None:
        return _resume(options)
    assert options.space is not None
    loaded = load_study(options.space, _overrides(options))
    if options.dry_run:
        return _dry_run(loaded.study)
    dataset = _load_data(loaded.study)
    files = {"space.yaml": loaded.text, "space.resolved.yaml": loaded.resolved_text}
    directory = create(options.out, loaded.study.name, options.name, files)
    try:
        return _run(loaded.study, directory, dataset, options)
    finally:
        directory.release()


def _resume(options: Options) -> int:
    assert options.resume is not None
    directory = _directory_to_resume(options.resume, options)
    try:
        study = _study_to_resume(directory, options)
        if options.dry_run:
            return _dry_run(study)
        write_atomically(directory.resolved_space, to_yaml(study))
        return _run(study, directory, _load_data(study), options)
    finally:
        directory.release()


def _directory_to_resume(run: str, options: Options) -> RunDirectory:
    from search.storage.restore import bring_home, is_shared

    if is_shared(run):
        return bring_home(run, options.out, take_over=options.take_over)
    directory = open_existing(Path(run))
    directory.acquire()
    return directory


def _overrides(options: Options) -> tuple[str, ...]:
    """--trials and --seed are short for what they set, and are checked like it."""
    short = {"budget.trials": options.trials, "budget.seed": options.seed}
    return (*options.overrides, *(f"{path}={value}" for path, value in short.items() if value is not None))


def _study_to_resume(directory: RunDirectory, options: Options) -> Study:
    """The run's own study; a space file or --trials may change how much is spent, not what is searched."""
    study = load_study(directory.resolved_space).study
    if options.space is not None:
        given = load_study(options.space).study
        _refuse_changes(study, given, options.space)
        study = replace(study, budget=given.budget, resources=given.resources)
    wanted = study.budget.trials if options.trials is None else options.trials
    if study.design is not None and wanted != study.design.trials:
        raise SpaceError(
            f"--trials {wanted}: this run is a design of {study.design.trials} trials, no more, no less. "
            "For other replicates start a new run with --set design.replicates=N."
        )
    # Trials cannot be taken back: a lower target than what there is means what there is.
    wanted = max(wanted, len(_recorded(directory).trials))
    return replace(study, budget=replace(study.budget, trials=wanted))


def _recorded(directory: RunDirectory) -> History:
    return fold(read(directory.ledger)[0]) if directory.ledger.exists() else History()


def _refuse_changes(then: Study, now: Study, path: Path) -> None:
    differences = describe_difference(then, now)
    if differences:
        listed = "\n  ".join(differences)
        raise SpaceError(
            f"{path} is not the space this run was started with:\n  {listed}\n"
            "Resume without a space file, or start a new run."
        )


def _dry_run(study: Study) -> int:
    from search.cli.dry_run import describe
    from search.cli.timing import seconds_per_full_trial
    from search.execution.resources import resources_of_this_machine

    found = resources_of_this_machine()
    sizes = _sizes(study)
    print("timing a few short trainings of the default configuration ...", file=sys.stderr)  # noqa: T201
    try:
        seconds = seconds_per_full_trial(study, found)
    except SearchError as error:
        print(f"no estimate of the time: {error}", file=sys.stderr)  # noqa: T201
        seconds = None
    Console(highlight=False).print(describe(study, found, seconds, sizes))
    return ExitCode.DONE


def _sizes(study: Study) -> Sizes | None:
    """Of the study's images, None where they are not at hand. Raises SpaceError if no trial can fit."""
    import psutil

    from search.cli.memory import Sizes, refuse_what_cannot_fit
    from search.run_dir.inputs import load_data

    try:
        sizes = Sizes.of(load_data(study.data))
    except SearchError:
        return None  # the estimate of the time says why
    refuse_what_cannot_fit(study, sizes, psutil.virtual_memory().total)
    return sizes


def _load_data(study: Study) -> Any:
    from search.run_dir.inputs import load_inputs

    return load_inputs(study)


def _run(study: Study, directory: RunDirectory, dataset: Any, options: Options) -> int:
    from search.execution.search_run import SearchRun, run_search
    from search.loggers.all_loggers import loggers
    from search.run_dir.driver_log import driver_log

    _announce(study, directory, resumed=options.resume is not None)
    launch = SearchRun(
        study=study,
        directory=directory,
        dataset=dataset,
        target=study.budget.trials,
        address=options.address,
        loggers=lambda history: loggers(study, directory, history),
    )
    end = noting_the_end(study, directory, study.budget.trials, resume_command(directory))
    try:
        with _shared(directory, options) as shared, end, driver_log(directory.log):
            run_search(replace(launch, sharing=shared), StopSignals())
    except SearchError:
        # What was found before, and why trials failed, is on record.
        _show_result(study, directory, as_json=options.json)
        raise
    _show_result(study, directory, as_json=options.json)
    return ExitCode.DONE


@contextmanager
def _shared(directory: RunDirectory, options: Options) -> Iterator[Sharing]:
    """The run on its storage; a directory that was made just now goes if it cannot be shared as asked."""
    from search.storage.restore import is_shared
    from search.storage.shared_run import place_of, sharing

    with ExitStack() as stack:
        try:
            shared = stack.enter_context(sharing(directory, place_of(directory, options.storage)))
        except SearchError:
            if options.resume is None or is_shared(options.resume):
                directory.discard()
            raise
        if shared.place is not None:
            print(f"  shared at      {shared.place}", file=sys.stderr)  # noqa: T201
        yield shared


def _announce(study: Study, directory: RunDirectory, *, resumed: bool) -> None:
    console = Console(file=sys.stderr, soft_wrap=True, highlight=False, no_color="NO_COLOR" in os.environ)
    verb = "going on with" if resumed else "searching"
    console.print(Text.assemble(f"{verb} ", (study.name, "bold"), f": {one_line(study.question, 1000)}"))
    console.print(Text(f"  run directory  {shown(directory.path)}"))
    console.print(Text(f"  watch it       tensorboard --logdir {shown(directory.trials)}"))


def _show_result(study: Study, directory: RunDirectory, *, as_json: bool) -> None:
    import json

    from search.console.summary import print_summary, summary_json

    history = _recorded(directory)
    if not history.trials:
        return
    if as_json:
        print(json.dumps(summary_json(study, history, directory.path), indent=2))  # noqa: T201
        return
    run = shown(directory.path)
    next_commands = [
        ("look at the curves", f"tensorboard --logdir {shown(directory.trials)}"),
        ("confirm the best on the test split, with fresh seeds", f"python search/confirm.py {run}"),
        (
            ("tabulate the effects", f"python -m analysis.directions_table {run}")
            if study.design is not None
            else ("search on", f"python search/run.py --resume {run} --trials {2 * study.budget.trials}")
        ),
        ("train a trial again", f"python search/run.py --reproduce {run} TRIAL"),
    ]
    print_summary(study, history, directory.path, Console(highlight=False), next_commands=next_commands)


def resume_command(directory: RunDirectory) -> str:
    """The shell command that goes on with a run."""
    return f"go on with: python search/run.py --resume {shown(directory.path)}"
