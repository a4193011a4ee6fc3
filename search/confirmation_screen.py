"""A confirmation on the terminal: a line for every training as it ends, tables at the end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from search.confirmation import Task
from search.confirmation_course import latest, task_of
from search.confirmation_results import Confirmed, Estimate
from search.history import History, TrialRecord
from search.standings import count, key_metrics, number, one_line, score
from search.study import Study
from trainables.metric_table import METRICS
from trainables.scored import CONTROLS, rung_of

SCORE = "interpretability/score"


class Lines:
    """Says how each training ended, and about how long the rest may take."""

    def __init__(self, study: Study, tasks: Sequence[Task], console: Console, history: History) -> None:
        self._study, self._tasks, self._console = study, tasks, console
        self._began = time.monotonic()
        self._before = self._done(history)

    def on_events(self, events: Sequence[Mapping[str, Any]], history: History) -> None:
        """One line for every end among `events`."""
        for event in events:
            if event["event"] == "end":
                self._console.print(Text(self._line(history.trials[event["trial"]], history)))

    def close(self) -> None:
        """Nothing is held back."""

    def _done(self, history: History) -> int:
        known = latest(history)
        return sum(task in known and known[task].state != "RUNNING" for task in self._tasks)

    def _line(self, record: TrialRecord, history: History) -> str:
        done, wanted = self._done(history), len(self._tasks)
        task = task_of(record)
        head = f"[{done}/{wanted}] trial {task.trial:04d}, seed {task.replicate}"
        if record.state == "FAIL":
            return f"{head} failed: {one_line(record.reason or 'no reason recorded')}"
        metrics = record.rungs[rung_of("pipeline")].metrics
        told = [f"{name} {number(metrics[name])}" for name in key_metrics(self._study) if name in metrics]
        fresh = done - self._before
        left = (wanted - done) * (time.monotonic() - self._began) / max(1, fresh)
        return "  ".join([head, *told, *([f"about {left:.0f} s left"] if fresh and done < wanted else [])])


def print_results(
    study: Study, results: Sequence[Confirmed], where: str, console: Console, *, every_metric: bool = False
) -> None:
    """Print what was confirmed: search against confirmation, then pipeline against controls.

    where: the folder with all metrics, as a person would type it.
    """
    console.print()
    console.print(Text(f"{one_line(study.name)}, confirmed", style="bold"))
    console.print(Text(one_line(study.question, 1000)))
    console.print(
        Text("Test split, fresh seeds, mean ± standard error. Only these numbers are quoted as results.")
    )
    shown = [result for result in results if result.seeds]
    metrics = _metrics(study, shown, every_metric)
    _print_fitting(_confirmed_table(shown, metrics), console)
    console.print(
        Text(
            "gap = search value - confirmed mean; ± is how far a single training that nobody selected lies "
            "from that mean. A gap with ! favours the search by more than twice that.",
            style="dim",
        )
    )
    console.print()
    console.print(Text("Beside controls with the same seeds (means):"))
    _print_fitting(_controls_table(shown, metrics), console)
    for result in results:
        for seed, reason in result.failures:
            console.print(Text(f"trial {_name(result)}, seed {seed} failed: {one_line(reason)}", style="red"))
    console.print(Text(f"All metrics: {where}/results.json, summary.csv, seeds.csv"), soft_wrap=True)


def _metrics(study: Study, results: Sequence[Confirmed], every_metric: bool) -> list[str]:
    found = dict.fromkeys(name for result in results for name in result.estimates["pipeline"])
    if every_metric:
        return list(found)
    return [name for name in dict.fromkeys([*key_metrics(study), SCORE]) if name in found]


def _confirmed_table(results: Sequence[Confirmed], metrics: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("trial", no_wrap=True)
    table.add_column("metric", no_wrap=True)
    for heading in ("search", "confirmed", "n", "gap", "minus default"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        for row, metric in enumerate(metrics):
            found = result.estimates["pipeline"].get(metric)
            if found is None:
                continue
            gap = result.gaps.get(metric)
            versus = result.minus_default.get(metric)
            table.add_row(
                _name(result) if row == 0 else "",
                _wish(metric),
                "-" if gap is None else score(gap.search),
                _plus_minus(found),
                str(found.n),
                _gap_cell(result, metric),
                "-" if versus is None else _plus_minus(versus, signed=True),
                end_section=row == len(metrics) - 1,
            )
    return table


def _controls_table(results: Sequence[Confirmed], metrics: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("trial", no_wrap=True)
    table.add_column("metric", no_wrap=True)
    for name in ("pipeline", *CONTROLS):
        table.add_column(name.replace("_", "\n"), justify="right", no_wrap=True)
    for result in results:
        for row, metric in enumerate(metrics):
            cells = [result.estimates[name].get(metric) for name in ("pipeline", *CONTROLS)]
            table.add_row(
                _name(result) if row == 0 else "",
                _wish(metric),
                *("-" if found is None else score(found.mean) for found in cells),
                end_section=row == len(metrics) - 1,
            )
    return table


def _print_fitting(table: Table, console: Console) -> None:
    """The table if the terminal is wide enough, else its rows as words."""
    if Measurement.get(console, console.options.update(max_width=10_000), table).maximum <= console.width:
        console.print(table)
        return
    columns = [list(column.cells) for column in table.columns]
    headings = [str(heading).replace("\n", " ") for heading in (column.header for column in table.columns)]
    for cells in zip(*columns, strict=True):
        first, *rest = (f"{cell}" for cell in cells)
        if first:
            console.print(Text(f"trial {first}", style="bold"))
        told = [f"{heading} {cell}" for heading, cell in zip(headings[2:], rest[1:], strict=True)]
        console.print(Text(f"  {rest[0]}: {', '.join(told)}"))
    console.print()


def _name(result: Confirmed) -> str:
    return f"{result.subject.trial:04d}" + (" default" if result.subject.is_default else "")


def _wish(metric: str) -> str:
    mode = METRICS[metric].mode if metric in METRICS else None
    return metric if mode is None else f"{metric} ({mode})"


def _plus_minus(found: Estimate, *, signed: bool = False) -> str:
    mean = score(found.mean)
    shown = f"+{mean}" if signed and found.mean > 0 else mean
    return shown if found.se is None else f"{shown} ± {score(found.se)}"


def _gap_cell(result: Confirmed, metric: str) -> str:
    gap = result.gaps.get(metric)
    if gap is None:
        return "-"
    shown = f"{'+' if gap.gap > 0 else ''}{score(gap.gap)}"
    if gap.gap_se is None:
        return shown
    curse = gap.optimism is not None and gap.optimism > 2 * gap.gap_se
    return f"{shown} ± {score(gap.gap_se)}{' !' if curse else ''}"


def trainings(amount: int) -> str:
    """`1 training`, `12 trainings`."""
    return count(amount, "training")
