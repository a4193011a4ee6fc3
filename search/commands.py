"""What `search/run.py` does with a space file or a run directory, step by step."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from search.command_line import Options
from search.errors import DiskError, ExitCode, RunDirectoryError, SearchError, SpaceError
from search.interruption import Interrupted, Interruption
from search.run_directory import RunDirectory, create, open_existing, write_atomically
from search.space import LoadedSpace, describe_difference, load_study
from search.study import Study


def search(options: Options) -> int:
    """A fresh search, a dry run, or the continuation of a run; returns the exit code."""
    if options.resume is not None:
        return _resume(options)
    assert options.space is not None
    loaded = load_study(options.space, _overrides(options))
    if options.dry_run:
        return _dry_run(loaded.study)
    dataset = _load_data(loaded.study)
    directory = create(options.out, loaded.study.name, options.name)
    try:
        _write_space(directory, loaded)
        return _run(loaded.study, directory, dataset, options)
    finally:
        directory.release()


def _resume(options: Options) -> int:
    assert options.resume is not None
    directory = open_existing(options.resume)
    directory.acquire()
    try:
        study = load_study(directory.resolved_space).study
        if options.space is not None:
            _refuse_changes(study, load_study(options.space).study, options.space)
        target = options.trials or int(directory.read_info().get("target", study.budget.trials))
        if study.design is not None and target != study.design.trials:
            raise SpaceError(
                f"--trials {target}: this run is a design of {study.design.trials} trials, no more, no less. "
                "For other replicates start a new run with --set design.replicates=N."
            )
        study = replace(study, budget=replace(study.budget, trials=target))
        if options.dry_run:
            return _dry_run(study)
        return _run(study, directory, _load_data(study), options)
    finally:
        directory.release()


def _overrides(options: Options) -> tuple[str, ...]:
    """--trials and --seed are short for what they set, and are checked like it."""
    short = {"budget.trials": options.trials, "budget.seed": options.seed}
    return (*options.overrides, *(f"{path}={value}" for path, value in short.items() if value is not None))


def _refuse_changes(then: Study, now: Study, path: Path) -> None:
    differences = describe_difference(then, now)
    if differences:
        listed = "\n  ".join(differences)
        raise SpaceError(
            f"{path} is not the space this run was started with:\n  {listed}\n"
            "Resume without a space file, or start a new run."
        )


def _dry_run(study: Study) -> int:
    from search.dry_run import describe, resources_of_this_machine

    Console().print(describe(study, resources_of_this_machine()))
    return ExitCode.DONE


def _load_data(study: Study) -> Any:
    from search.data_check import load_data

    return load_data(study.data)


def _write_space(directory: RunDirectory, loaded: LoadedSpace) -> None:
    write_atomically(directory.original_space, loaded.text)
    write_atomically(directory.resolved_space, loaded.resolved_text)


def _run(study: Study, directory: RunDirectory, dataset: Any, options: Options) -> int:
    from search.driver_log import driver_log
    from search.launch import Launch, run_search
    from search.listeners import listeners

    _announce(study, directory, resumed=options.resume is not None)
    launch = Launch(
        study=study,
        directory=directory,
        dataset=dataset,
        target=study.budget.trials,
        address=options.address,
        listeners=lambda history: listeners(study, directory, history),
    )
    with _noting_the_end(study, directory), driver_log(directory.log):
        history = run_search(launch, Interruption())
    _show_result(study, history, directory, as_json=options.json)
    return ExitCode.DONE


@contextmanager
def _noting_the_end(study: Study, directory: RunDirectory) -> Iterator[None]:
    """run.json says how the run stands, whatever happens inside; an error gains the command that goes on."""
    from search.provenance import describe_process

    directory.write_info(
        name=study.name,
        question=study.question,
        status="running",
        target=study.budget.trials,
        started=directory.read_info().get("started") or _now(),
        exit_code=None,
        reason=None,
        **describe_process(),
    )
    try:
        yield
    except SearchError as error:
        status = "interrupted" if isinstance(error, Interrupted) else "failed"
        _note(directory, status=status, exit_code=int(error.exit_code), reason=str(error))
        error.add_note(resume_command(directory))
        raise
    except BaseException as error:
        _note(
            directory,
            status="failed",
            exit_code=int(ExitCode.INTERNAL),
            reason=f"{type(error).__name__}: {error}",
        )
        raise
    _note(directory, status="done", exit_code=int(ExitCode.DONE))


def _note(directory: RunDirectory, **facts: Any) -> None:
    """Write the end down; a full disk must not hide the error that is on its way."""
    try:
        directory.write_info(ended=_now(), **facts)
    except (DiskError, RunDirectoryError) as error:
        print(f"run.json could not be updated: {error}", file=sys.stderr)  # noqa: T201


def _announce(study: Study, directory: RunDirectory, *, resumed: bool) -> None:
    console = Console(file=sys.stderr, soft_wrap=True, highlight=False, no_color="NO_COLOR" in os.environ)
    verb = "going on with" if resumed else "searching"
    console.print(f"{verb} [bold]{study.name}[/bold]: {study.question}", markup=True)
    console.print(f"  run directory  {shown(directory.path)}", markup=False)
    console.print(f"  watch it       tensorboard --logdir {shown(directory.trials)}", markup=False)


def _show_result(study: Study, history: Any, directory: RunDirectory, *, as_json: bool) -> None:
    import json

    from search.leaderboard import print_summary, summary_json

    if as_json:
        print(json.dumps(summary_json(study, history, directory.path), indent=2))  # noqa: T201
        return
    run = shown(directory.path)
    next_commands = [
        ("look at the curves", f"tensorboard --logdir {shown(directory.trials)}"),
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


def shown(path: Path) -> str:
    """A path as a person would type it here: relative below the working folder, quoted for a shell."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
