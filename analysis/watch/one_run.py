"""A run's state as a person reads it: where it stands, what is good so far, what is being worked on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from analysis.watch.watched_run import WatchedRun
from analysis.watch.whereabouts import LIVE
from search.commands import python_command
from search.console.progress_lines import best_so_far, time_left
from search.console.progress_tracker import ProgressTracker
from search.formatting import count, one_line, score, trial_list
from search.ledger.history import TrialRecord
from search.ranking.floor import FLOORS, LATER
from search.ranking.leaderboard import failures, shown_metrics

ROWS = 12
STYLES = {
    "running": "green",
    "confirming": "green",
    "starting": "green",
    "elsewhere": "yellow",
    "broken off": "red",
    "interrupted": "yellow",
    "failed": "red",
}


def run_view(run: WatchedRun) -> Group:
    """Everything, as something rich can print."""
    name = run.study.name if run.study is not None else run.path.name
    title = Text.assemble((one_line(name), "bold"), (f"  {_path(run)}", "dim"))
    parts: list[RenderableType] = [title]
    if run.study is not None:
        parts.append(Text(one_line(run.study.question, 1000)))
    parts.append(Text(run.where.sentence, style=STYLES.get(run.where.state, "")))
    if run.where.state in ("broken off", "interrupted"):
        parts.append(Text(f"go on with: {python_command('search/run.py', '--resume', _path(run))}"))
    parts += [Text(), _how_far(run), _counts(run)]
    if run.tally is not None:
        parts += [*(Text(line) for line in best_so_far(run.tally)), *_front(run.tally)]
    parts += [*_unfinished(run), *_stopped(run), *_failures(run), *_confirmation(run)]
    parts += [Text(), Text(_vital_signs(run), style="dim")]
    parts += [Text(sentence, style="red") for sentence in run.damage]
    return Group(*parts)


def _path(run: WatchedRun) -> str:
    return one_line(run.shown_path, 1000)


def _how_far(run: WatchedRun) -> RenderableType:
    tally = run.tally
    if tally is None:
        return Text(count(len(run.history.trials), "trial"))
    line = Table.grid(padding=(0, 2))
    facts = [duration(run.now - tally.began)]
    rate = tally.per_minute(run.now)
    facts += [f"{rate:.3g} trials/min"] if rate is not None else []
    facts += [time_left(tally, run.now)] if run.is_searching else []
    bar = ProgressBar(total=max(1, tally.target), completed=tally.finished, width=24, complete_style="green")
    line.add_row(bar, Text(f"{tally.finished}/{tally.target}"), Text("  ".join(facts)))
    return line


def _counts(run: WatchedRun) -> Text:
    of = {state: len(run.history.in_state(state)) for state in ("COMPLETE", "PRUNED", "FAIL", "RUNNING")}
    return Text.assemble(
        (f"{of['COMPLETE']} complete", "green"),
        (f"  {of['PRUNED']} pruned", "yellow"),
        (f"  {of['FAIL']} failed", "red" if of["FAIL"] else "dim"),
        f"  {of['RUNNING']} {'running' if run.where.state in LIVE else 'unfinished'}",
    )


def _front(tally: ProgressTracker) -> list[RenderableType]:
    if len(tally.study.objectives) < 2 or not tally.front:
        return []
    return [Text(f"Pareto front: {len(tally.front)} of {tally.ended['COMPLETE']} complete trials")]


def _unfinished(run: WatchedRun) -> list[RenderableType]:
    """A row per unfinished trial: its rung, how long it has had, how long it has said nothing."""
    trials = run.history.in_state("RUNNING")
    if not trials:
        return []
    metrics = [] if run.study is None else shown_metrics(run.study, trials)
    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    grid.add_column("running" if run.where.state in LIVE else "unfinished", no_wrap=True)
    for heading, width in (("rung", 4), ("epoch", 5), ("for", 7), ("silent\nfor", 7)):
        grid.add_column(Text(heading, justify="right"), justify="right", vertical="bottom", min_width=width)
    for heading in (name.replace("/", "/\n") for name in metrics):
        grid.add_column(Text(heading, overflow="fold", justify="right"), justify="right", vertical="bottom")
    for trial in trials[:ROWS]:
        rung, of = max(trial.rungs, default=0), "" if run.tally is None else f"/{run.tally.rungs}"
        epoch = str(trial.reports[-1].epoch) if trial.reports else "-"
        times = (duration(run.now - trial.started), duration(run.now - heard_of(trial)))
        values = trial.metrics
        grid.add_row(trial.folder, f"{rung}{of}", epoch, *times, *(score(values.get(m)) for m in metrics))
    more = len(trials) - ROWS
    notes = [Text(f"and {more} more")] if more > 0 else []
    notes += [Text(f"{name}: {LATER}", style="dim") for name in metrics if name in FLOORS]
    return [Text(), grid, *notes]


def _stopped(run: WatchedRun) -> list[RenderableType]:
    reasons = Counter(one_line(t.reason or "no reason recorded") for t in run.history.in_state("PRUNED"))
    return _listed("stopped early", (f"{n} x {reason}" for reason, n in reasons.most_common()))


def _failures(run: WatchedRun) -> list[RenderableType]:
    groups = failures(run.history)
    return _listed(
        "failed", (f"{len(trials)} x {reason} ({trial_list(trials)})" for reason, trials in groups)
    )


def _listed(heading: str, lines: Iterable[str]) -> list[RenderableType]:
    told = list(lines)
    more = [f"and {count(len(told) - ROWS, 'other reason')}"] if len(told) > ROWS else []
    return [Text(), Text(heading, style="dim"), *map(Text, [*told[:ROWS], *more])] if told else []


def _confirmation(run: WatchedRun) -> list[RenderableType]:
    history = run.confirmed
    if history is None:
        return []
    failed = len(history.in_state("FAIL"))
    done, target = len(history.in_state("COMPLETE")), history.sessions[-1].target
    lost = f", {failed} failed" if failed else ""
    return [Text(), Text(f"confirmation: {run.confirm_state}, {done} of {target} trainings done{lost}")]


def _vital_signs(run: WatchedRun) -> str:
    began, ended = run.info.get("started"), run.info.get("ended")
    told = [f"began {one_line(began, 40)}"] if isinstance(began, str) else []
    told += [f"ended {one_line(ended, 40)}"] if isinstance(ended, str) else []
    told += ["no event yet" if run.newest is None else f"last event {last_heard(run)}"]
    return ", ".join([*told, f"{size(run.disk_bytes())} on disk"])


def heard_of(trial: TrialRecord) -> float:
    """When a trial last said something, in seconds since 1970."""
    return trial.reports[-1].time if trial.reports else trial.started


def last_heard(run: WatchedRun) -> str:
    """How long ago the last event was, `-` if there was none."""
    return "-" if run.newest is None else f"{rough(run.looked - run.newest)} ago"


def duration(seconds: float) -> str:
    """`0:03:20`; negative ones, of clocks that differ, are none."""
    whole = max(0, int(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def rough(seconds: float) -> str:
    """`12 s`, `5 min`, `3 h`, `2 days`."""
    for unit, name in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            amount = int(seconds // unit)
            return count(amount, name) if name == "day" else f"{amount} {name}"
    return f"{max(0, int(seconds))} s"


def size(amount: int) -> str:
    """An amount of bytes as a person reads it.

    >>> size(12_345_678)
    '12.3 MB'
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if amount >= unit:
            return f"{amount / unit:.1f} {name}"
    return f"{amount} B"
