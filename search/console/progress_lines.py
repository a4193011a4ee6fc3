"""Progress in words: one line for a trial that ended, one for where the search stands."""

from __future__ import annotations

from search.console.progress_tracker import ProgressTracker
from search.formatting import one_line
from search.ledger.history import TrialRecord
from search.ranking.floor import count_words
from search.ranking.leaderboard import shown_metrics
from search.ranking.pareto import feasible
from search.study.sections import Objective


def end_line(tracker: ProgressTracker, trial: TrialRecord) -> str:
    """`[12/42] trial 0011 pruned at rung 1  probe/accuracy 0.91  attribution/junk 0.95  (3.1 s)`."""
    metrics = trial.metrics
    shown = shown_metrics(tracker.study, [trial])
    values = [f"{name} {count_words(name, metrics)}" for name in shown if name in metrics]
    took = "" if trial.ended is None else f"({max(0.0, trial.ended - trial.started):.1f} s)"
    head = f"[{tracker.finished}/{tracker.target}] trial {trial.folder} {_fate(tracker, trial)}"
    return "  ".join(part for part in (head, *values, took) if part)


def _fate(tracker: ProgressTracker, trial: TrialRecord) -> str:
    if trial.state == "FAIL":
        return f"failed: {one_line(trial.reason or 'no reason recorded')}"
    if trial.state == "PRUNED":
        return f"pruned at rung {tracker.rung(trial)}" if tracker.rung(trial) else "pruned"
    return "complete" if feasible(tracker.study, trial.metrics) else "complete, outside a constraint"


def status_line(tracker: ProgressTracker, now: float) -> str:
    """Where the search stands, in one line of plain text."""
    ended = tracker.ended
    parts = [
        f"{tracker.finished}/{tracker.target} trials ended: {ended['COMPLETE']} complete, "
        f"{ended['PRUNED']} pruned, {ended['FAIL']} failed; {len(tracker.running)} running",
        *best_so_far(tracker),
    ]
    rate = tracker.per_minute(now)
    if rate is not None:
        parts.append(f"{rate:.3g} trials/min")
    left = time_left(tracker, now)
    return "; ".join([*parts, left] if left else parts)


def best_so_far(tracker: ProgressTracker) -> list[str]:
    """`best probe/accuracy 0.95 (trial 0007)` for every objective."""
    return [
        f"best {objective.metric} {count_words(objective.metric, trial.metrics)} (trial {trial.folder})"
        for objective, _, trial in best_trials(tracker)
    ]


def best_trials(tracker: ProgressTracker) -> list[tuple[Objective, float, TrialRecord]]:
    """Every objective with its best value so far and who has it, the first of equals."""
    best = []
    for position, objective in enumerate(tracker.study.objectives):
        sign = 1 if objective.mode == "min" else -1
        scored = [
            (sign * trial.values[position], trial) for trial in tracker.front if trial.values is not None
        ]
        if scored:
            value, trial = min(scored, key=lambda pair: (pair[0], pair[1].number))
            best.append((objective, sign * value, trial))
    return best


def time_left(tracker: ProgressTracker, now: float) -> str:
    """`about 3 to 7 min left`, or nothing while too little is known."""
    left = tracker.remaining_seconds(now)
    if left is None or tracker.finished >= tracker.target:
        return ""
    low, high = left
    unit, name = next(((u, n) for u, n in ((3600.0, "h"), (60.0, "min")) if high >= 2 * u), (1.0, "s"))
    shown = [f"{value / unit:.0f}" for value in (low, high)]
    return (
        f"about {shown[0]} to {shown[1]} {name} left"
        if shown[0] != shown[1]
        else f"about {shown[0]} {name} left"
    )
