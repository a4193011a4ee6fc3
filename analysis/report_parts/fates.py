"""What became of all trials: how many were stopped, failed or broke a constraint, and why; what it took."""

from __future__ import annotations

import math
from statistics import median

from analysis.report_parts.blocks import Block, Cell, Column, Section, Table, cell, say
from analysis.report_parts.cache_share import cache_share
from analysis.report_parts.outlook import Outlook
from search.console.summary import history_target
from search.formatting import count, duration, limits, score, trial_list
from search.ledger.history import TrialRecord
from search.study.sections import Constraint


def fates(outlook: Outlook) -> Section:
    """Counts, then the reasons, grouped."""
    history = outlook.run.history
    total = len(history.trials)
    groups = [
        ("trained in full, every constraint kept", outlook.leaderboard.feasible_count),
        ("trained in full, a constraint broken", len(outlook.leaderboard.infeasible)),
        ("stopped early at a rung", len(history.in_state("PRUNED"))),
        ("failed", len(history.in_state("FAIL"))),
        ("unfinished", len(history.in_state("RUNNING"))),
    ]
    rows = tuple(
        (cell(name), cell(str(n), sort=n), cell(f"{n / total:.0%}" if total else "–", sort=n))
        for name, n in groups
    )
    heads = (Column("fate"), Column("trials", numeric=True), Column("share", numeric=True))
    blocks: list[Block] = [
        say(f"{count(total, 'trial')} of {history_target(outlook.study, history)} were begun."),
        Table("What became of the trials", heads, rows),
    ]
    reasons = [*_failures(outlook), *_broken(outlook), *_stops(outlook)]
    if reasons:
        heads = (Column("reason"), Column("trials", numeric=True), Column("which"))
        blocks.append(Table("Reasons", heads, tuple(reasons)))
    return Section("fates", "Failed, stopped, infeasible", tuple(blocks))


def _failures(outlook: Outlook) -> list[tuple[Cell, Cell, Cell]]:
    return [
        (cell(f"failed: {reason}"), cell(str(len(trials)), sort=len(trials)), cell(trial_list(trials)))
        for reason, trials in outlook.leaderboard.failures
    ]


def _broken(outlook: Outlook) -> list[tuple[Cell, Cell, Cell]]:
    rows = []
    for constraint in outlook.study.constraints:
        broken = [t for t in outlook.leaderboard.infeasible if _breaks(t, constraint)]
        if broken:
            values = sorted(t.metrics[constraint.metric] for t in broken if constraint.metric in t.metrics)
            ends = " to ".join(dict.fromkeys(score(value) for value in (values[:1] + values[-1:])))
            name = cell(f"{constraint.metric} not {limits(constraint)}{': ' + ends if ends else ''}")
            rows.append(
                (name, cell(str(len(broken)), sort=len(broken)), cell(trial_list(t.number for t in broken)))
            )
    return rows


def _breaks(trial: TrialRecord, constraint: Constraint) -> bool:
    value = trial.metrics.get(constraint.metric)
    return value is None or math.isnan(value) or constraint.violation(value) > 0


def _stops(outlook: Outlook) -> list[tuple[Cell, Cell, Cell]]:
    by_rung: dict[int, list[int]] = {}
    for trial in outlook.run.history.in_state("PRUNED"):
        by_rung.setdefault(max(trial.rungs, default=0), []).append(trial.number)
    return [
        (
            cell(
                f"stopped at rung {rung} of {outlook.study.scheduler.rungs}"
                if rung
                else "stopped before a rung"
            ),
            cell(str(len(numbers)), sort=len(numbers)),
            cell(trial_list(numbers)),
        )
        for rung, numbers in sorted(by_rung.items())
    ]


def time_spent(outlook: Outlook) -> Section | None:
    """Hours of training by fate, the median trial, and how often stages were taken from the cache."""
    history = outlook.run.history
    ended = [trial for trial in history.trials.values() if trial.ended is not None]
    if not ended:
        return None
    rows = []
    for name, state in (("trained in full", "COMPLETE"), ("stopped early", "PRUNED"), ("failed", "FAIL")):
        took = [_seconds(trial) for trial in ended if trial.state == state]
        if took:
            cells = (cell(str(len(took))), cell(duration(sum(took))), cell(duration(median(took))))
            rows.append((cell(name), *cells))
    heads = (Column("fate"), *(Column(h, numeric=True) for h in ("trials", "in all", "median trial")))
    wall = max(t.ended or 0.0 for t in ended) - min(t.started for t in history.trials.values())
    text = (
        f"{duration(wall)} from the first proposal to the last end, in "
        f"{count(len(history.sessions), 'session')}. A trial's time runs from its proposal to its end; where "
        "a run was interrupted it holds the pause."
    )
    blocks = (
        say(text),
        Table("Time by fate", heads, tuple(rows)),
        *cache_share(outlook.run),
    )
    return Section("time", "Time spent", blocks)


def _seconds(trial: TrialRecord) -> float:
    return max(0.0, (trial.ended or trial.started) - trial.started)
