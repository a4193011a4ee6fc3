"""All runs in a folder, a row each: state, how far, the best, how long ago."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from analysis.watch.one_run import STYLES, last_heard
from analysis.watch.watched_run import WatchedRun
from search.console.progress_lines import best_so_far, time_left
from search.formatting import one_line


def runs_table(runs: Sequence[WatchedRun]) -> Table:
    """The newest run first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("run", overflow="fold")
    table.add_column("state", no_wrap=True)
    for heading in ("trials", "last event"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("best", overflow="fold")
    for run in newest_first(runs):
        state = run.where.state
        table.add_row(
            Text(one_line(run.path.name, 100)),
            Text(state, style=STYLES.get(state, "")),
            _trials(run),
            last_heard(run),
            Text("\n".join(_best(run))),
        )
    return table


def newest_first(runs: Sequence[WatchedRun]) -> list[WatchedRun]:
    """Runs in the order of their last events."""
    return sorted(runs, key=lambda run: (-(run.newest or 0.0), run.path.name))


def _trials(run: WatchedRun) -> str:
    sessions = run.history.sessions
    return f"{run.history.finished}/{sessions[-1].target}" if sessions else str(run.history.finished)


def _best(run: WatchedRun) -> list[str]:
    if run.tally is None:
        return ["-"]
    left = time_left(run.tally, run.now) if run.is_searching else ""
    lines = [*(line.removeprefix("best ") for line in best_so_far(run.tally)), *([left] if left else [])]
    return lines or ["-"]
