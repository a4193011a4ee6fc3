"""What `analysis/status.py` shows: once, again and again, or as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from analysis.load import find_runs, is_run, no_run
from analysis.watch.all_runs import newest_first, runs_table
from analysis.watch.document import run_document
from analysis.watch.one_run import run_view
from analysis.watch.shared_run import SharedRun
from analysis.watch.watched_run import WatchedRun
from analysis.watch.whereabouts import LIVE
from search.commands import ROOT, python_command
from search.console.progress_display import wants_plain_lines
from search.console.progress_lines import status_line
from search.errors import RunDirectoryError
from search.formatting import one_line, shown
from search.run_dir.links import refuse_links_out
from search.storage.restore import is_shared

LOOK_EVERY_S = 1.0
PLAIN_LINE_EVERY_S = 30.0
PATIENCE_S = 2.0


def show(options: argparse.Namespace) -> None:
    """Tell what `options` of the command line ask for."""
    chosen = Chosen(options.run, options.runs)
    if not options.watch:
        _tell(chosen, as_json=options.json)
        return
    with suppress(KeyboardInterrupt):  # the way to leave
        _watch(chosen)


class Chosen:
    """The runs that are meant: the one with this name, or without a name all below `root`.

    RunDirectoryError if there is no such run or folder.
    """

    def __init__(self, name: str | None, root: Path) -> None:
        self.alone = name is not None
        self._root = root
        found = [WatchedRun(path) for path in _all_in(root)] if name is None else [_watched(name, root)]
        self.runs = {run.path: run for run in found}

    @property
    def are_live(self) -> bool:
        """Whether any of them goes on by itself."""
        return any(run.where.state in LIVE for run in self.runs.values())

    def look(self) -> None:
        """Read what is new in every run, and in runs that are new themselves."""
        if not self.alone:
            for path in find_runs(self._root):
                self.runs.setdefault(path, WatchedRun(path))
        began = said = time.monotonic()
        for done, run in enumerate(self.runs.values()):
            now = time.monotonic()
            if now - said >= PATIENCE_S:
                said = now
                left = (len(self.runs) - done) * (now - began) / done
                print(f"read {done} of {len(self.runs)} runs, about {left:.0f} s left", file=sys.stderr)  # noqa: T201
            run.look()

    def view(self) -> RenderableType:
        """What there is to say, for rich."""
        runs = list(self.runs.values())
        if self.alone:
            return run_view(runs[0])
        start = python_command("search/run.py", shown(ROOT / "spaces" / "sae.yaml"))
        return runs_table(runs) if runs else Text(f"no runs in {self._root} yet; start one: {start}")


def _watched(name: str, root: Path) -> WatchedRun:
    return SharedRun(name) if is_shared(name) else WatchedRun(_path(name, root))


def _path(name: str, root: Path) -> Path:
    for path in (Path(name), root / name):
        if is_run(path):
            refuse_links_out(path)
            return path.resolve()
    if Path(name).exists():
        raise no_run(name)
    raise RunDirectoryError(f"there is no run {name}, nor {root / name}")


def _all_in(root: Path) -> list[Path]:
    if not root.is_dir():
        raise RunDirectoryError(f"{root}: no such folder; --runs DIR says where the runs are")
    return find_runs(root)


def _tell(chosen: Chosen, *, as_json: bool) -> None:
    chosen.look()
    if as_json:
        runs = newest_first(list(chosen.runs.values()))
        documents = [run_document(run, with_disk=chosen.alone) for run in runs]
        print(json.dumps(documents[0] if chosen.alone else documents, indent=2))  # noqa: T201
    else:
        _print(chosen.view())


def _watch(chosen: Chosen) -> None:
    """Until none of the runs goes on by itself."""
    chosen.look()
    if wants_plain_lines(sys.stdout, os.environ):
        _watch_plainly(chosen)
        return
    live = Live(chosen.view(), console=_console(), auto_refresh=False)
    # Not `with`: a Ctrl-C while it draws for the first time would leave the cursor hidden.
    try:
        live.start(refresh=True)
        while chosen.are_live:
            time.sleep(LOOK_EVERY_S)
            chosen.look()
            live.update(chosen.view(), refresh=True)
    finally:
        live.stop()


def _watch_plainly(chosen: Chosen) -> None:
    """A line now and then where nothing can be redrawn, and the whole at the end."""
    said = -PLAIN_LINE_EVERY_S
    while chosen.are_live:
        if time.monotonic() - said >= PLAIN_LINE_EVERY_S:
            said = time.monotonic()
            for run in chosen.runs.values():
                if run.where.state in LIVE:
                    print(_line(run), flush=True)  # noqa: T201
        time.sleep(LOOK_EVERY_S)
        chosen.look()
    _print(chosen.view())


def _line(run: WatchedRun) -> str:
    standing = run.where.sentence if run.tally is None else status_line(run.tally, run.now)
    return f"{one_line(run.path.name, 100)}: {standing}"


def _print(view: RenderableType) -> None:
    """Not by rich itself, which ends the process with an error where a pipe is closed."""
    console = _console()
    with console.capture() as captured:
        console.print(view, soft_wrap=True)  # the terminal wraps: a command is there to be copied
    sys.stdout.write(captured.get())


def _console() -> Console:
    return Console(highlight=False, no_color="NO_COLOR" in os.environ)
