"""What a person sees on stderr while a search runs: a live table on a terminal, plain lines elsewhere.

Progress is a convenience: when the stream breaks (a closed pipe, an encoding without the character),
it falls silent and the search goes on.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from search.console.progress_lines import best_so_far, end_line, status_line, time_left
from search.console.progress_tracker import ProgressTracker
from search.formatting import one_line, score
from search.ledger.history import History
from search.ranking.floor import FLOORS, LATER
from search.ranking.leaderboard import shown_metrics
from search.study.study import Study

REDRAWS_PER_SECOND = 4
STATUS_SECONDS = 30.0
RUNNING_ROWS = 8


def wants_plain_lines(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether to write lines without escape codes: no terminal, or the user or a CI system says so."""
    asked = any(environment.get(name) for name in ("NO_COLOR", "CI"))
    return asked or environment.get("TERM") == "dumb" or not stream.isatty()


class Progress:
    """Shows a history as it grows. Call `update` after every event; it costs what has changed."""

    def __init__(
        self,
        study: Study,
        run_dir: Path,
        *,
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._run_dir = run_dir
        self._tracker = ProgressTracker(study)
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._silent = False
        self._said = 0.0

    def start(self, history: History) -> None:
        """Begin to show; trials in `history` that have ended are of earlier sessions."""
        now = self._clock()
        self._tracker.start(history, now)
        self._said = now
        if wants_plain_lines(self._stream, os.environ):
            self._say(f"{one_line(self._tracker.study.name)}: {self._run_dir}")
            self._say(status_line(self._tracker, now))
            return
        console = Console(file=self._stream, force_terminal=True, highlight=False)
        # Rich's own thread redraws, so that the clock moves while no event comes.
        self._live = Live(
            get_renderable=self._table,
            console=console,
            refresh_per_second=REDRAWS_PER_SECOND,
            redirect_stdout=False,
        )
        self._live.start()

    def update(self, history: History) -> None:
        """Take in what `history` has gained."""
        with self._lock:
            ended = self._tracker.update(history)
        if self._live is not None:
            for trial in ended:
                if trial.state == "FAIL":
                    self._live.console.print(Text(end_line(self._tracker, trial), style="red"))
            return
        for trial in ended:
            self._say(end_line(self._tracker, trial))
        now = self._clock()
        if now - self._said >= STATUS_SECONDS:
            self._said = now
            self._say(status_line(self._tracker, now))

    def stop(self) -> None:
        """Leave the last state on the screen and give the terminal back. May be called twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif not self._silent:
            self._say(status_line(self._tracker, self._clock()))
            self._silent = True

    def _table(self) -> RenderableType:
        with self._lock:
            return live_table(self._tracker, self._run_dir, self._clock())

    def _say(self, line: str) -> None:
        if self._silent:
            return
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._silent = True


def live_table(tracker: ProgressTracker, run_dir: Path, now: float) -> RenderableType:
    """The whole picture: how far, how good, and what is being worked on."""
    title = Text.assemble(
        (one_line(tracker.study.name), "bold"), (f"  {run_dir}", "dim"), overflow="ellipsis"
    )
    title.no_wrap = True
    return Group(title, _bar(tracker, now), _counts(tracker), *_best(tracker), *_running(tracker))


def _bar(tracker: ProgressTracker, now: float) -> Table:
    line = Table.grid(padding=(0, 2))
    rate = tracker.per_minute(now)
    elapsed = max(0, int(now - tracker.began))
    facts = [f"{elapsed // 3600}:{elapsed // 60 % 60:02d}:{elapsed % 60:02d}"]
    facts += [f"{rate:.3g} trials/min"] if rate is not None else []
    facts += [time_left(tracker, now)]
    bar = ProgressBar(
        total=max(1, tracker.target), completed=tracker.finished, width=24, complete_style="green"
    )
    line.add_row(bar, Text(f"{tracker.finished}/{tracker.target}"), Text("  ".join(facts)))
    return line


def _counts(tracker: ProgressTracker) -> Text:
    ended = tracker.ended
    return Text.assemble(
        (f"{ended['COMPLETE']} complete", "green"),
        (f"  {ended['PRUNED']} pruned", "yellow"),
        (f"  {ended['FAIL']} failed", "red" if ended["FAIL"] else "dim"),
        f"  {len(tracker.running)} running",
    )


def _best(tracker: ProgressTracker) -> list[RenderableType]:
    lines: list[RenderableType] = [Text(line) for line in best_so_far(tracker)]
    if len(tracker.study.objectives) > 1 and tracker.front:
        lines.append(
            Text(f"Pareto front: {len(tracker.front)} of {tracker.ended['COMPLETE']} complete trials")
        )
    return [Text(), *lines] if lines else []


def _running(tracker: ProgressTracker) -> list[RenderableType]:
    """A row per running trial with the newest value of what the study asks about."""
    if not tracker.running:
        return []
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    grid.add_column("running", no_wrap=True)
    trials = list(tracker.running.values())
    shown = shown_metrics(tracker.study, trials)
    for heading in ("rung", "epoch", *(name.replace("/", "/\n") for name in shown)):
        grid.add_column(Text(heading, justify="right"), justify="right", vertical="bottom")
    for trial in trials[:RUNNING_ROWS]:
        metrics = trial.metrics
        epoch = str(trial.reports[-1].epoch) if trial.reports else "-"
        rung = f"{tracker.rung(trial)}/{tracker.rungs}"
        values = (score(metrics.get(name)) for name in shown)
        grid.add_row(trial.folder, rung, epoch, *values)
    more = len(trials) - RUNNING_ROWS
    notes = [Text(f"and {more} more")] if more > 0 else []
    # At a rung a count has no floor yet: said once, not in every cell.
    notes += [Text(f"{name}: {LATER}", style="dim") for name in shown if name in FLOORS]
    return [Text(), grid, *notes]
