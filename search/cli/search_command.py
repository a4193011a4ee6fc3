"""What `search/run.py` does with a space file or a run directory, step by step."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from search.cli.next_commands import next_commands, resume_command
from search.cli.options import New, Options, Resume
from search.commands import ROOT, tensorboard_command
from search.disk import write_atomically
from search.errors import ExitCode, SearchError, SpaceError
from search.execution.signals import StopSignals
from search.formatting import one_line, shown, typed
from search.ledger.ledger import read_history
from search.ledger.retries import to_retry
from search.run_dir.own_space import own_study, refuse_lost_ledger, refuse_retired
from search.run_dir.run_directory import RunDirectory, create, open_existing
from search.run_dir.run_info import noting_the_end
from search.space.advice import advice
from search.space.loader import LoadedSpace, load_study
from search.space.writer import describe_difference, resolved_text
from search.storage.restore import bring_home, is_shared
from search.study.study import Study

if TYPE_CHECKING:
    from search.cli.memory import Sizes
    from search.storage.shared_run import Sharing
    from trainables.data.dataset import Dataset


def search(new: New, options: Options) -> int:
    """A fresh search or its dry run; returns the exit code."""
    loaded = load_study(new.space, _overrides(new))
    if options.dry_run:
        _advise(loaded.study)
        return _dry_run(loaded.study)
    search_anew(loaded, new.name, options)
    return ExitCode.DONE


def search_anew(loaded: LoadedSpace, name: str | None, options: Options) -> RunDirectory:
    """A fresh search, from its first trial to its result on the screen; its run directory."""
    _advise(loaded.study)
    dataset = _load_data(loaded.study)
    files = {"space.yaml": loaded.text, "space.resolved.yaml": loaded.resolved_text}
    directory = create(options.out, loaded.study.name, name, files)
    try:
        _run(loaded.study, directory, dataset, options, is_new=True)
    finally:
        directory.release()
    return directory


def _advise(study: Study) -> None:
    for sentence in advice(study):
        print(f"warning: {sentence}", file=sys.stderr)  # noqa: T201


def resume(old: Resume, options: Options) -> int:
    """The continuation of a run, or what it would be; returns the exit code."""
    directory = _directory_to_resume(old, options)
    try:
        study = _study_to_resume(directory, old)
        if options.dry_run:
            refuse_retired(study)
            return _dry_run(study)
        dataset = _load_data(study)
        write_atomically(directory.resolved_space, resolved_text(study))
        _run(study, directory, dataset, options, is_new=is_shared(old.run))
        return ExitCode.DONE
    finally:
        directory.release()


def _directory_to_resume(old: Resume, options: Options) -> RunDirectory:
    if is_shared(old.run):
        return bring_home(old.run, options.out, take_over=old.take_over)
    directory = open_existing(Path(old.run))
    directory.acquire()
    return directory


def _overrides(new: New) -> tuple[str, ...]:
    """--trials and --seed are short for what they set, and are checked like it."""
    short = {"budget.trials": new.trials, "budget.seed": new.seed}
    return (*new.overrides, *(f"{path}={value}" for path, value in short.items() if value is not None))


def _study_to_resume(directory: RunDirectory, old: Resume) -> Study:
    """The run's own study; a space file or --trials may change how much is spent, not what is searched."""
    history = read_history(directory.ledger)
    refuse_lost_ledger(directory, history)
    study = own_study(directory, history, old.overrides)
    if old.space is not None:
        given = load_study(old.space).study
        _refuse_changes(study, given, old.space)
        study = replace(study, budget=given.budget, resources=given.resources, data=given.data)
    again = len(to_retry(history)) if old.retry_failed else 0
    wanted = (study.budget.trials if old.trials is None else old.trials) + again
    listed = study.listed
    if listed is not None and again:
        raise SpaceError(f"--retry-failed: this run is a {listed.section}, whose trials are fixed beforehand")
    if listed is not None and wanted != listed.trials:
        raise SpaceError(
            f"--trials {wanted}: this run is a {listed.section} of {listed.trials} trials, no more, no less. "
            f"{listed.enlarging}"
        )
    # Trials cannot be taken back: a lower target than what there is means what there is.
    wanted = max(wanted, len(history.trials))
    if wanted > history.finished:
        refuse_retired(study)
    return replace(study, budget=study.budget.model_copy(update={"trials": wanted}))


def _refuse_changes(then: Study, now: Study, path: Path) -> None:
    differences = describe_difference(then, now)
    if differences:
        listed = "\n  ".join(differences)
        raise SpaceError(
            f"{path} is not the space this run was started with:\n  {listed}\n"
            "Resume without a space file, or start a new run."
        )


def _dry_run(study: Study) -> int:
    """Tell what a run would do; raises what would keep it from starting, after the rest has been told."""
    from search.cli.dry_run import describe
    from search.cli.timing import seconds_per_full_trial
    from search.execution.resources import resources_of_this_machine

    found = resources_of_this_machine()
    sizes = _sizes(study)
    print("timing a few short trainings of the default configuration ...", file=sys.stderr)  # noqa: T201
    seconds: float | None = None
    obstacle: SearchError | None = None
    try:
        _load_data(study)
        seconds = seconds_per_full_trial(study, found)
    except SearchError as error:
        obstacle = error
    Console(highlight=False).print(describe(study, found, seconds, sizes))
    if obstacle is not None:
        raise obstacle
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


def _load_data(study: Study) -> Dataset:
    from search.run_dir.inputs import load_inputs

    return load_inputs(study)


def _run(study: Study, directory: RunDirectory, dataset: Dataset, options: Options, *, is_new: bool) -> None:
    """is_new: the directory was made just now."""
    mode = options.mode
    from search.execution.search_run import SearchRun, run_search
    from search.loggers.all_loggers import loggers
    from search.run_dir.driver_log import driver_log

    _announce(study, directory, options.address, resumed=isinstance(options.mode, Resume))
    launch = SearchRun(
        study=study,
        directory=directory,
        dataset=dataset,
        address=options.address,
        loggers=lambda history: loggers(study, directory, history),
        release=directory.release,
        retry_failed=isinstance(mode, Resume) and mode.retry_failed,
    )
    done = read_history(directory.ledger).finished
    target, go_on = study.budget.trials, resume_command(directory)
    end = noting_the_end(study, directory, target, go_on, is_owed=done < target)
    try:
        with _shared(directory, options.storage, is_new=is_new) as shared, end, driver_log(directory.log):
            run_search(replace(launch, sharing=shared), StopSignals())
    except SearchError:
        # What was found before, and why trials failed, is on record.
        _show_result(study, directory, as_json=options.json)
        raise
    _show_result(study, directory, as_json=options.json)
    if options.report and not options.json:
        _make_report(directory)


def _make_report(directory: RunDirectory) -> None:
    """The run's report, by the script that makes it, since search imports no analysis."""
    print("making the report ...", file=sys.stderr)  # noqa: T201
    done = subprocess.run(
        [sys.executable, str(ROOT / "analysis" / "report.py"), typed(directory.path)],
        capture_output=True,
        text=True,
        errors="backslashreplace",
    )
    pages = done.stdout.splitlines()
    if done.returncode == 0 and pages:
        console = Console(highlight=False)
        console.print(Text("the report, one page that opens by double click:", style="bold"))
        console.print(Text(f"  {shown(Path(pages[0]))}"), soft_wrap=True)
    else:
        reason = (done.stderr.strip() or "it wrote nothing").splitlines()[-1]
        print(f"no report: {one_line(reason)}", file=sys.stderr)  # noqa: T201


@contextmanager
def _shared(directory: RunDirectory, storage: str | None, *, is_new: bool) -> Iterator[Sharing]:
    """The run on its storage; a directory that was made just now goes if it cannot be shared as asked."""
    from search.storage.shared_run import place_of, sharing

    with ExitStack() as stack:
        try:
            shared = stack.enter_context(sharing(directory, place_of(directory, storage)))
        except SearchError:
            if is_new:
                directory.discard()
            raise
        if shared.place is not None:
            print(f"  shared at      {shared.place}", file=sys.stderr)  # noqa: T201
        yield shared


def _announce(study: Study, directory: RunDirectory, address: str, *, resumed: bool) -> None:
    console = Console(file=sys.stderr, soft_wrap=True, highlight=False, no_color="NO_COLOR" in os.environ)
    verb = "going on with" if resumed else "searching"
    console.print(Text.assemble(f"{verb} ", (study.name, "bold"), f": {one_line(study.question, 1000)}"))
    console.print(Text(f"  run directory  {shown(directory.path)}"))
    console.print(Text(f"  watch it       {tensorboard_command(directory.trials)}"))
    console.print(
        Text(
            "starting Ray; the first trial follows in some seconds"
            if address == "local"
            else f"connecting to Ray at {address}"
        )
    )


def _show_result(study: Study, directory: RunDirectory, *, as_json: bool) -> None:
    import json

    from search.console.summary import print_summary, summary_json
    from search.ranking.pareto import feasible

    history = read_history(directory.ledger)
    if not history.trials:
        return
    if as_json:
        print(json.dumps(summary_json(study, history, directory.path), indent=2))  # noqa: T201
        return
    any_ranked = any(feasible(study, trial.metrics) for trial in history.in_state("COMPLETE"))
    commands = next_commands(study, directory, any_ranked=any_ranked)
    print_summary(study, history, directory.path, Console(highlight=False), next_commands=commands)
