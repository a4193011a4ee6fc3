"""Objectives against each other, and the trials that no other beats; with one objective, its history."""

from __future__ import annotations

from itertools import combinations

from analysis.charts.axes import Axis
from analysis.charts.scale import fitted
from analysis.charts.scatter import Point, scatter
from analysis.report_parts.blocks import Block, Figure, Section, say
from analysis.report_parts.outlook import Outlook, mean_chance_level
from search.formatting import count
from search.ledger.history import TrialRecord
from search.study.sections import Objective

MOST = 600
"""Points a picture that are not on the front; more would neither be told apart nor load quickly."""
LEGEND = (
    ("dot front", "Pareto front"),
    ("dot ranked", "beaten by another"),
    ("dot infeasible", "breaks a constraint"),
    ("dot default", "default configuration"),
)


def front(outlook: Outlook) -> Section | None:
    """Every pair of objectives as a scatter plot; None without a trial that was trained in full."""
    trials = [trial for trial in outlook.complete if trial.rungs]
    if not trials:
        return None
    shown = outlook.selected(trials, len(outlook.leaderboard.front) + MOST)
    several = len(outlook.study.objectives) > 1
    blocks: list[Block] = [say(_sentence(outlook, len(trials), len(shown)))]
    if several:
        pairs = combinations(outlook.study.objectives, 2)
        blocks += [_pair(outlook, shown, x, y, place) for place, (x, y) in enumerate(pairs)]
    else:
        blocks.append(_course(outlook, shown))
    return Section("front", "Pareto front" if several else "Course of the search", tuple(blocks))


def _sentence(outlook: Outlook, trained: int, shown: int) -> str:
    size = len(outlook.leaderboard.front)
    fewer = f" {shown} of {trained} are drawn, all of the front among them." if shown < trained else ""
    gallery = (
        "Click a trial for its gallery." if outlook.galleries else "Galleries are made by a command below."
    )
    if len(outlook.study.objectives) == 1:
        return f"Trials in the order of their proposal, each trained in full.{fewer} {gallery}"
    are = "is" if size == 1 else "are"
    return (
        f"{count(size, 'trial')} {are} beaten by no other in every objective; the pale area holds what they "
        f"beat. Only trials trained in full are shown.{fewer} {gallery}"
    )


def _pair(outlook: Outlook, shown: list[TrialRecord], x: Objective, y: Objective, place: int) -> Figure:
    order = [o.metric for o in outlook.study.objectives]
    left, up = order.index(x.metric), order.index(y.metric)
    points = [_point(outlook, t, t.values[left], t.values[up]) for t in shown if t.values is not None]
    # With three objectives a trial of the front need not be on the border of any pair.
    chart = scatter(
        points,
        _axis(x, shown, left),
        _axis(y, shown, up),
        description=f"Scatter plot of {count(len(points), 'trial')}: {x.metric} against {y.metric}",
        staircase=len(order) == 2,
    )
    return Figure(
        "pareto-front" if len(order) == 2 else f"pareto-front-{place + 1}",
        chart,
        legend=outlook.legend(LEGEND, shown),
    )


def _course(outlook: Outlook, shown: list[TrialRecord]) -> Figure:
    objective = outlook.study.objectives[0]
    points = [_point(outlook, t, t.number, t.values[0]) for t in shown if t.values is not None]
    chart = scatter(
        points,
        Axis("trial", fitted(t.number for t in shown)),
        _axis(objective, shown, 0),
        description=f"{objective.metric} of {count(len(points), 'trial')} in the order of their proposal",
    )
    best = (("dot front", "best"), *LEGEND[1:])
    return Figure("course", chart, legend=outlook.legend(best, shown))


def _point(outlook: Outlook, trial: TrialRecord, x: float, y: float) -> Point:
    name = "default" if trial is outlook.default else ""
    leads = trial in outlook.leaderboard.front
    look = outlook.fate(trial)
    return Point(x, y, trial.number, look, outlook.title(trial), outlook.href(trial), name, leads)


def _axis(objective: Objective, shown: list[TrialRecord], place: int) -> Axis:
    values = [t.values[place] for t in shown if t.values is not None]
    chance = mean_chance_level(objective.metric, shown)
    scale = fitted(values)
    # Chance is shown where it is near; a far one would press all trials together.
    span = scale.high - scale.low
    if chance is not None and scale.low - span / 2 <= chance <= scale.high + span / 2:
        scale = fitted([*values, chance])
    return Axis(objective.metric, scale, objective.mode, chance)
