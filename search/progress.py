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

from rich.console import Console
from rich.live import Live
from rich.text import Text

from search.history import History, TrialRecord
from search.progress_table import render
from search.standings import key_metrics, number, one_line
from search.study import Study
from search.tally import Tally

REDRAWS_PER_SECOND = 4
STATUS_SECONDS = 30.0


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
        self._tally = Tally(study)
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._silent = False
        self._said = 0.0

    def start(self, history: History) -> None:
        """Begin to show; trials in `history` that have ended are of earlier sessions."""
        now = self._clock()
        self._tally.start(history, now)
        self._said = now
        if wants_plain_lines(self._stream, os.environ):
            self._say(f"{one_line(self._tally.study.name)}: {self._run_dir}")
            self._say(status_line(self._tally, now))
            return
        console = Console(file=self._stream, force_terminal=True, highlight=False)
        # Rich's own thread redraws, so that the clock moves while no event comes.
        self._live = Live(
            get_renderable=self._table, console=console, refresh_per_second=REDRAWS_PER_SECOND, redirect_stdout=False
        )
        self._live.start()

    def update(self, history: History) -> None:
        """Take in what `history` has gained."""
        with self._lock:
            ended = self._tally.update(history)
        if self._live is not None:
            for trial in ended:
                if trial.state == "FAIL":
                    self._live.console.print(Text(end_line(self._tally, trial), style="red"))
            return
        for trial in ended:
            self._say(end_line(self._tally, trial))
        now = self._clock()
        if now - self._said >= STATUS_SECONDS:
            self._said = now
            self._say(status_line(self._tally, now))

    def stop(self) -> None:
        """Leave the last state on the screen and give the terminal back. May be called twice."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif not self._silent:
            self._say(status_line(self._tally, self._clock()))
            self._silent = True

    def _table(self) -> object:
        with self._lock:
            return render(self._tally, self._run_dir, self._clock())

    def _say(self, line: str) -> None:
        if self._silent:
            return
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self._silent = True


def end_line(tally: Tally, trial: TrialRecord) -> str:
    """`[12/42] trial 0011 pruned at rung 1  probe/accuracy 0.91  attribution/junk 0.95  (3.1 s)`."""
    metrics = trial.metrics
    values = [f"{name} {number(metrics[name])}" for name in key_metrics(tally.study) if name in metrics]
    took = "" if trial.ended is None else f"({max(0.0, trial.ended - trial.started):.1f} s)"
    head = f"[{tally.finished}/{tally.target}] trial {trial.folder} {_fate(trial)}"
    return "  ".join(part for part in (head, *values, took) if part)


def _fate(trial: TrialRecord) -> str:
    if trial.state == "FAIL":
        return f"failed: {one_line(trial.reason or 'no reason recorded')}"
    if trial.state == "PRUNED":
        rung = max((report.rung for report in trial.reports if report.rung is not None), default=None)
        return "pruned" if rung is None else f"pruned at rung {rung}"
    return "complete"


def status_line(tally: Tally, now: float) -> str:
    """Where the search stands, in one line of plain text."""
    ended = tally.ended
    parts = [
        f"{tally.finished}/{tally.target} trials ended: {ended['COMPLETE']} complete, {ended['PRUNED']} pruned, "
        f"{ended['FAIL']} failed; {len(tally.running)} running",
        *best_so_far(tally),
    ]
    rate = tally.per_minute(now)
    if rate is not None:
        parts.append(f"{rate:.3g} trials/min")
    left = time_left(tally, now)
    return "; ".join([*parts, left] if left else parts)


def best_so_far(tally: Tally) -> list[str]:
    """`best probe/accuracy 0.95 (trial 0007)` for every objective."""
    best = []
    for position, objective in enumerate(tally.study.objectives):
        sign = 1 if objective.mode == "min" else -1
        scored = [(sign * trial.values[position], trial) for trial in tally.front if trial.values is not None]
        if scored:
            value, trial = min(scored, key=lambda pair: (pair[0], pair[1].number))
            best.append(f"best {objective.metric} {number(sign * value)} (trial {trial.folder})")
    return best


def time_left(tally: Tally, now: float) -> str:
    """`about 3 to 7 min left`, or nothing while too little is known."""
    left = tally.remaining_seconds(now)
    if left is None or tally.finished >= tally.target:
        return ""
    low, high = left
    unit, name = next(((u, n) for u, n in ((3600.0, "h"), (60.0, "min")) if high >= 2 * u), (1.0, "s"))
    shown = [f"{value / unit:.0f}" for value in (low, high)]
    return f"about {shown[0]} to {shown[1]} {name} left" if shown[0] != shown[1] else f"about {shown[0]} {name} left"
