"""What a search found, printed to stdout when it ends, or as one JSON document.

No table is wider than the terminal: metrics have two-line headings, and parameters that do not fit as
columns are listed trial by trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from search.console.meaning import meaning
from search.formatting import count, limits, number, one_line, score, trial_list
from search.ledger.history import History, TrialRecord
from search.ranking.floor import count_words, floor_words
from search.ranking.leaderboard import (
    Leaderboard,
    chance_level,
    differing_values,
    leaderboard,
    shared_values,
    shown_metrics,
)
from search.scheduling.limits import Limits
from search.study.study import Study
from trainables.metrics.catalog import role

SHOWN = 10


def print_summary(
    study: Study,
    history: History,
    run_dir: Path,
    console: Console,
    *,
    next_commands: Sequence[tuple[str, str]],
) -> None:
    """Print the question, the counts, the leaders, what failed, and what to do next.

    `next_commands` are pairs (what for, shell command); a command is never wrapped, so that it can be copied.
    """
    table = leaderboard(study, history, SHOWN)
    console.print()
    console.print(Text(one_line(study.name), style="bold"))
    console.print(Text(one_line(study.question, 1000)))
    console.print(Text(_counts_sentence(study, history, table)))
    console.print()
    if table.ranked:
        _print_leaders(study, history, table, run_dir, console)
    else:
        console.print(Text(_no_leader_sentence(table)))
    _print_failures(table, console)
    for sentence in meaning(history, table, run_dir):
        console.print(Text(sentence, style="yellow" if sentence.startswith("Warning") else ""))
    for purpose, command in next_commands:
        console.print(Text(f"{purpose}:", style="bold"))
        console.print(Text(f"  {command}"), soft_wrap=True)


def summary_json(study: Study, history: History, run_dir: Path) -> dict[str, object]:
    """The same as one JSON-ready document; trials are given by number, values unrounded."""
    table = leaderboard(study, history, SHOWN)
    return {
        "run_dir": str(run_dir),
        "name": study.name,
        "question": study.question,
        "objectives": [{"metric": o.metric, "mode": o.mode} for o in study.objectives],
        "constraints": [{"metric": c.metric, "min": c.min, "max": c.max} for c in study.constraints],
        "counts": {
            "target": history_target(study, history),
            "suggested": len(history.trials),
            "complete": len(history.in_state("COMPLETE")),
            "feasible": table.feasible_count,
            "pruned": len(history.in_state("PRUNED")),
            "failed": len(history.in_state("FAIL")),
            "running": len(history.in_state("RUNNING")),
        },
        "front": [trial.number for trial in table.front],
        "leaderboard": [_entry(study, trial, run_dir) for trial in table.ranked],
        "infeasible": [trial.number for trial in table.infeasible],
        "failures": [{"reason": reason, "trials": trials} for reason, trials in table.failures],
        "meaning": meaning(history, table, run_dir),
    }


def history_target(study: Study, history: History) -> int:
    """How many trials the newest session was asked for in all."""
    return history.sessions[-1].target if history.sessions else study.budget.trials


def _entry(study: Study, trial: TrialRecord, run_dir: Path) -> dict[str, object]:
    return {
        "trial": trial.number,
        "origin": trial.origin,
        "folder": str(run_dir / "trials" / trial.folder),
        "params": study.values(trial.params),
        "metrics": dict(trial.metrics),
    }


def _counts_sentence(study: Study, history: History, table: Leaderboard) -> str:
    complete, pruned, running = (len(history.in_state(s)) for s in ("COMPLETE", "PRUNED", "RUNNING"))
    failed = sum(len(trials) for _, trials in table.failures)
    parts = [f"{complete} trained in full", f"{pruned} stopped early", f"{failed} failed"]
    if running:
        parts.append(f"{running} unfinished")
    sentence = f"{count(len(history.trials), 'trial')}: {', '.join(parts)}."
    if table.infeasible:
        sentence += (
            f" Not ranked, because a constraint is broken: {trial_list(t.number for t in table.infeasible)}."
        )
    limit = Limits(study, history, lambda: history.newest).reached()
    if limit and history.finished < history_target(study, history):
        sentence += f" No further trial began: {limit}."
    return sentence


def _no_leader_sentence(table: Leaderboard) -> str:
    if table.infeasible:
        return "No trial keeps every constraint, so there is nothing to rank. Loosen one, or search longer."
    return "No trial was trained in full, so there is nothing to rank."


def _print_leaders(
    study: Study, history: History, table: Leaderboard, run_dir: Path, console: Console
) -> None:
    shown = table.ranked
    order = "best first"
    if len(study.objectives) > 1:
        trials = "trial is" if len(table.front) == 1 else "trials are"
        console.print(
            Text(
                f"Pareto front: {len(table.front)} {trials} beaten by no other in every objective (marked *)."
            )
        )
        order = "front after front"
    if table.feasible_count > len(shown):
        console.print(Text(f"The {len(shown)} best of {table.feasible_count} ranked trials, {order}:"))
    _print_metrics(study, table, console)
    _print_default(study, history, shown, console)
    console.print(
        Text(
            "Search scores are optimistic: trials were selected on these same validation images.", style="dim"
        )
    )
    console.print(Text(f"Each trial has its folder in {run_dir / 'trials'}", style="dim"), soft_wrap=True)
    console.print()
    _print_parameters(study, shown, console)


def _print_metrics(study: Study, table: Leaderboard, console: Console) -> None:
    """One row a trial: objectives and constraints, each with its chance level where that was measured."""
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    front = {trial.number for trial in table.front} if len(study.objectives) > 1 else set()
    grid.add_column("trial", no_wrap=True)
    shown = shown_metrics(study, table.ranked)
    for heading in _headings(study, shown):
        grid.add_column(heading, justify="right", no_wrap=True)
    grid.add_column("folder", no_wrap=True)
    listed = []
    for trial in table.ranked:
        name = trial.folder + ("*" if trial.number in front else "")
        name += " default" if trial.is_default else ""
        cells = {metric: _cell(metric, trial) for metric in shown}
        grid.add_row(Text(name), *cells.values(), Text(f"trials/{trial.folder}"))
        listed.append((name, "  ".join(f"{metric} {cell}" for metric, cell in cells.items())))
    _print_fitting(grid, listed, console)


def _headings(study: Study, shown: Sequence[str]) -> list[Text]:
    """`probe/` over `accuracy` over what is wanted of it: narrow, and never cut."""
    wishes: dict[str, list[str]] = {metric: [] for metric in shown}
    for objective in study.objectives:
        wishes[objective.metric].append(objective.mode)
    for constraint in study.constraints:
        wishes[constraint.metric].append(limits(constraint))
    return [
        Text("\n".join([*_split(metric, "/"), _scale(metric) + ", ".join(wish)]), justify="right")
        for metric, wish in wishes.items()
    ]


def _scale(metric: str) -> str:
    return "0 = chance, " if role(metric) == "skill" else ""


def _split(name: str, separator: str) -> list[str]:
    head, found, tail = name.rpartition(separator)
    return [f"{head}{separator}", tail] if found else [name]


def _cell(metric: str, trial: TrialRecord) -> Text:
    value = trial.metrics.get(metric)
    chance = chance_level(metric, trial.metrics)
    cell = Text(score(value), justify="right")
    if value is not None and chance is not None:
        cell.append(f" (chance {number(chance)})", style="dim")
    floor = floor_words(metric, trial.metrics)
    if floor is not None:
        cell.append(f" ({floor})", style="dim")
    return cell


def _print_default(study: Study, history: History, shown: Sequence[TrialRecord], console: Console) -> None:
    """The default configuration is what the search has to beat: say where it is if it is not in the table."""
    default = next((t for t in history.trials.values() if t.is_default), None)
    if default is None or any(trial.number == default.number for trial in shown):
        return
    fate = {"COMPLETE": "", "PRUNED": ", stopped early", "FAIL": ", failed", "RUNNING": ", unfinished"}
    metrics = default.metrics
    names = [name for name in shown_metrics(study, [default]) if name in metrics]
    values = "  ".join(f"{name} {count_words(name, metrics, score)}" for name in names)
    console.print(
        Text(f"For comparison, the default configuration ({default.folder}{fate[default.state]}): {values}")
    )


def _print_parameters(study: Study, shown: Sequence[TrialRecord], console: Console) -> None:
    columns = differing_values(study, shown)
    if not columns:
        return
    console.print(Text("Parameters in which they differ:"))
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    grid.add_column("trial", no_wrap=True)
    for path in columns:
        grid.add_column(Text("\n".join(_split(path, ".")), justify="right"), justify="right", no_wrap=True)
    for row, trial in enumerate(shown):
        grid.add_row(trial.folder, *(Text(number(column[row])) for column in columns.values()))
    rows = [{path: column[row] for path, column in columns.items()} for row in range(len(shown))]
    listed = [
        (
            trial.folder,
            " ".join(f"{path}={number(value)}" for path, value in row.items() if value is not None),
        )
        for trial, row in zip(shown, rows, strict=True)
    ]
    _print_fitting(grid, listed, console)
    shared = ", ".join(f"{path} {number(value)}" for path, value in shared_values(study, shown).items())
    if shared:
        console.print(Text(f"Searched, but the same in all of them: {shared}"))
        console.print()


def _print_fitting(grid: Table, listed: Sequence[tuple[str, str]], console: Console) -> None:
    """The table if the terminal is wide enough for it, else its rows as (name, words), wrapped."""
    if Measurement.get(console, console.options.update(max_width=10_000), grid).maximum <= console.width:
        console.print(grid)
        return
    lines = Table.grid(padding=(0, 2))
    lines.add_column(no_wrap=True)
    lines.add_column(overflow="fold")
    for name, words in listed:
        lines.add_row(Text(name), Text(words))
    console.print(lines)
    console.print()


def _print_failures(table: Leaderboard, console: Console) -> None:
    if not table.failures:
        return
    console.print(Text("Failed trials, by reason:", style="bold"))
    for reason, trials in table.failures:
        console.print(Padding(Text(f"{len(trials)} x {reason} ({trial_list(trials)})"), (0, 0, 0, 2)))
    console.print()
