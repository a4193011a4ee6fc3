"""The best trials with their scores, chance levels and settings, and what the scores mean."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.report_parts.blocks import (
    Block,
    Cell,
    Column,
    Folded,
    Items,
    Section,
    Span,
    Table,
    cell,
    code,
    say,
)
from analysis.report_parts.outlook import NOT_IN_FULL, Outlook
from search.formatting import limits, number, score
from search.ledger.history import TrialRecord
from search.ranking.floor import floor_words
from search.ranking.leaderboard import chance_level, differing_values, shared_values, shown_metrics
from trainables.metrics.catalog import METRICS

SHOWN = 15


def leaderboard(outlook: Outlook) -> Section:
    """The head of the ranking, the default below it where it is not in it, the rest on demand."""
    found = outlook.leaderboard
    blocks: list[Block] = []
    if not found.ranked:
        blocks.append(say(_nobody(outlook)))
    else:
        blocks.append(say(_order(outlook)))
        blocks.append(_table(outlook, found.ranked[:SHOWN], "The best trials"))
        if len(found.ranked) > SHOWN:
            rest = _table(outlook, found.ranked[SHOWN:], "Further trials", first=SHOWN + 1)
            blocks.append(Folded(f"Ranks {SHOWN + 1} to {len(found.ranked)}", (rest,)))
        shared = shared_values(outlook.study, found.ranked[:SHOWN])
        if shared and outlook.study.is_search:
            told = ", ".join(f"{path} {number(value)}" for path, value in shared.items())
            blocks.append(say(f"Searched, but the same in all of these: {told}.", kind="note"))
    blocks.append(Folded("What these metrics mean", (_glossary(outlook),)))
    return Section("leaderboard", "Leaderboard", tuple(blocks))


def _nobody(outlook: Outlook) -> str:
    if outlook.leaderboard.infeasible:
        return "No trial keeps every constraint, so there is nothing to rank. Loosen one, or search longer."
    return "No trial has been trained in full yet, so there is nothing to rank."


def _order(outlook: Outlook) -> str:
    found = outlook.leaderboard
    several = len(outlook.study.objectives) > 1
    how = "front after front, inside a front by the first objective" if several else "best first"
    star = " A star marks the Pareto front." if several else ""
    shown = min(SHOWN, len(found.ranked))
    return (
        f"{shown} of {found.feasible_count} trials that were trained in full and keep every constraint, "
        f"{how}.{star} A chance level stands beside each score that has one: it was measured on the same "
        "images."
    )


def _table(outlook: Outlook, trials: Sequence[TrialRecord], caption: str, first: int = 1) -> Table:
    shown = list(trials)
    default = outlook.default
    appended = first == 1 and default is not None and default not in shown
    if appended and default is not None:
        shown.append(default)
    settings = differing_values(outlook.study, shown)
    ranks = [*range(first, first + len(trials)), *([None] if appended else [])]
    metrics = shown_metrics(outlook.study, shown)
    rows = tuple(
        (
            cell("–" if rank is None else str(rank), sort=1e9 if rank is None else float(rank)),
            _name(outlook, trial),
            *(_score(metric, trial) for metric in metrics),
            *(_setting(column[row]) for column in settings.values()),
        )
        for row, (rank, trial) in enumerate(zip(ranks, shown, strict=True))
    )
    columns = (
        Column("rank", numeric=True),
        Column("trial"),
        *(_metric_column(outlook, metric) for metric in metrics),
        *(_setting_column(path, column) for path, column in settings.items()),
    )
    return Table(caption, columns, rows, sortable=True)


def _name(outlook: Outlook, trial: TrialRecord) -> Cell:
    found = outlook.leaderboard
    starred = len(outlook.study.objectives) > 1 and any(t.number == trial.number for t in found.front)
    notes = [Span("*", "dim")] if starred else []
    if trial.is_default:
        notes.append(Span(" default", "dim"))
    if any(t.number == trial.number for t in found.infeasible):
        notes.append(Span(", breaks a constraint", "dim"))
    if trial.state in NOT_IN_FULL:
        notes.append(Span(f", {NOT_IN_FULL[trial.state]}", "dim"))
    return cell(outlook.link(trial), *notes, sort=float(trial.number))


def _score(metric: str, trial: TrialRecord) -> Cell:
    value, chance = trial.metrics.get(metric), chance_level(metric, trial.metrics)
    note = [Span(f" chance {number(chance)}", "dim")] if value is not None and chance is not None else []
    floor = floor_words(metric, trial.metrics)
    note += [Span(f" {floor}", "dim")] if floor is not None else []
    return cell(score(value), *note, sort=value)


def _setting(value: str | int | float | bool | None) -> Cell:
    if value is None:
        return cell(Span("–", "dim"))
    return cell(number(value), sort=value if isinstance(value, str) else float(value))


def _metric_column(outlook: Outlook, metric: str) -> Column:
    wishes: list[str] = [o.mode for o in outlook.study.objectives if o.metric == metric]
    wishes += [limits(c) for c in outlook.study.constraints if c.metric == metric]
    return Column(metric, ", ".join(wishes), numeric=True)


def _setting_column(path: str, column: Sequence[object]) -> Column:
    numeric = all(isinstance(value, (int, float)) for value in column if value is not None)
    return Column(path, numeric=numeric)


def _glossary(outlook: Outlook) -> Items:
    told = []
    for metric in shown_metrics(outlook.study, outlook.leaderboard.ranked):
        known = METRICS.get(metric)
        told.append(say(code(metric), f": {known.description if known else 'a metric of your own'}."))
    return Items(tuple(told))
