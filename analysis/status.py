"""python analysis/status.py [RUN]: what a run is doing, told from outside, also while it runs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    # Run as a script the path begins with this folder, not with the project's.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from analysis.load import find_runs, is_run
from analysis.watch.all_runs import newest_first, runs_table
from analysis.watch.document import run_document
from analysis.watch.one_run import run_view
from analysis.watch.watched_run import WatchedRun
from analysis.watch.whereabouts import LIVE
from search.errors import ExitCode, RunDirectoryError, SearchError
from search.progress import wants_plain_lines
from search.progress_lines import status_line
from search.report_error import report
from search.standings import one_line

LOOKS_PER_SECOND = 1.0
PLAIN_LINE_SECONDS = 30.0
EXAMPLES = """\
examples:
  python analysis/status.py                          all runs in runs/, the newest first
  python analysis/status.py runs/sae-20260101-120000
  python analysis/status.py sae-20260101-120000      the same: a name is looked for in --runs
  python analysis/status.py sae-20260101-120000 --watch
  python analysis/status.py --json | jq '.[] | select(.state == "running") | .eta_s'

Only files are read: the run is neither disturbed nor locked, and may be on a read-only disk. A run that
is `broken off` was killed; `python search/run.py --resume RUN` goes on with it.

exit codes: 0 told   2 usage   6 no such run
"""


def main(arguments: list[str] | None = None) -> int:
    """Tell; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    try:
        runs = [WatchedRun(path) for path in _paths(options.run, options.runs)]
        if options.watch and not options.json:
            _watch(runs, alone=options.run is not None)
        else:
            _tell(runs, alone=options.run is not None, as_json=options.json)
    except SearchError as error:
        return report(error)
    except KeyboardInterrupt:
        return ExitCode.DONE if options.watch else ExitCode.SIGINT
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python analysis/status.py",
        description="What a run is doing, told from another terminal, also while it runs.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="run directory, or the name of one in --runs; left out: all"
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="where run directories are (default: runs)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="redraw until the run has ended; Ctrl-C leaves")
    how.add_argument("--json", action="store_true", help="one JSON document; an array of them without RUN")
    return parser


def _paths(run: str | None, root: Path) -> list[Path]:
    """The run that is meant, or all there are. RunDirectoryError if there is no such run."""
    if run is None:
        if not root.is_dir():
            raise RunDirectoryError(f"{root}: no such folder; --runs DIR says where the runs are")
        return find_runs(root)
    for path in (Path(run), root / run):
        if is_run(path):
            return [path.resolve()]
    there = Path(run).exists()
    raise RunDirectoryError(
        f"{run} is not a run directory: it has no trials.jsonl and no space.resolved.yaml"
        if there
        else f"there is no run {run}, nor {root / run}"
    )


def _tell(runs: list[WatchedRun], *, alone: bool, as_json: bool) -> None:
    for run in runs:
        run.look()
    if as_json:
        documents = [run_document(run, with_disk=alone) for run in newest_first(runs)]
        print(json.dumps(documents[0] if alone else documents, indent=2))  # noqa: T201
        return
    _console().print(_view(runs, alone=alone))


def _view(runs: list[WatchedRun], *, alone: bool) -> RenderableType:
    if alone:
        return run_view(runs[0])
    return runs_table(runs) if runs else Text("no runs yet; start one: python search/run.py spaces/sae.yaml")


def _watch(runs: list[WatchedRun], *, alone: bool) -> None:
    """Until none of the runs goes on by itself."""
    for run in runs:
        run.look()
    if wants_plain_lines(sys.stdout, os.environ):
        _watch_plainly(runs, alone=alone)
        return
    with Live(_view(runs, alone=alone), console=_console(), auto_refresh=False) as live:
        while any(run.where.state in LIVE for run in runs):
            time.sleep(1 / LOOKS_PER_SECOND)
            for run in runs:
                run.look()
            live.update(_view(runs, alone=alone), refresh=True)


def _watch_plainly(runs: list[WatchedRun], *, alone: bool) -> None:
    """A line now and then where nothing can be redrawn, and the whole at the end."""
    said = -PLAIN_LINE_SECONDS
    while any(run.where.state in LIVE for run in runs):
        if time.monotonic() - said >= PLAIN_LINE_SECONDS:
            said = time.monotonic()
            for run in runs:
                if run.where.state in LIVE:
                    print(_line(run), flush=True)  # noqa: T201
        time.sleep(1 / LOOKS_PER_SECOND)
        for run in runs:
            run.look()
    _console().print(_view(runs, alone=alone))


def _line(run: WatchedRun) -> str:
    standing = run.where.sentence if run.tally is None else status_line(run.tally, run.now)
    return f"{one_line(run.path.name, 100)}: {standing}"


def _console() -> Console:
    return Console(highlight=False, no_color="NO_COLOR" in os.environ)


if __name__ == "__main__":
    sys.exit(main())
