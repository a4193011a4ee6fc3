"""The two tables of a confirmation: search against confirmed values, pipeline against controls.

Both fit into 80 columns; where they do not, their rows are printed as words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from search.confirmation.estimates import Confirmed, Estimate
from search.formatting import number, score
from trainables.confirmation.rungs import CONTROLS

SMALLEST_SHOWN = 5e-4
HEADINGS = {"random_dictionary": "random\ndictionary", "untrained": "un-\ntrained"}


def print_confirmed(
    results: Sequence[Confirmed], metrics: Sequence[str], sign: str, console: Console
) -> None:
    """One row a trial and metric: search value, confirmed mean, gap, difference to the default.

    sign: what stands between a mean and its standard error.
    """
    table = _table(("search", "confirmed", "gap", "minus default"))
    for result in results:
        for beside, metric in _rows(result, metrics):
            gap = result.gaps.get(metric)
            table.add_row(
                beside,
                metric,
                "-" if gap is None else score(gap.search),
                _plus_minus(result.estimates["pipeline"].get(metric), sign),
                "-" if gap is None else f"{gap.gap:+.3f}",
                _plus_minus(result.minus_default.get(metric), sign, mean_format="+.3f"),
                end_section=metric == metrics[-1],
            )
    _print_fitting(table, console)


def print_controls(results: Sequence[Confirmed], metrics: Sequence[str], console: Console) -> None:
    """One row a trial and metric: the means of the pipeline and of every control."""
    columns = ("pipeline", *CONTROLS)
    table = _table(columns)
    for result in results:
        for beside, metric in _rows(result, metrics):
            cells = [result.estimates[name].get(metric) for name in columns]
            told = ("-" if found is None else score(found.mean) for found in cells)
            table.add_row(beside, metric, *told, end_section=metric == metrics[-1])
    _print_fitting(table, console)


def trial_name(result: Confirmed) -> str:
    """`0017`, with a star for the default configuration."""
    return f"{result.subject.trial:04d}" + ("*" if result.subject.is_default else "")


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("trial", no_wrap=True)
    table.add_column("metric", no_wrap=True)
    for heading in columns:
        table.add_column(HEADINGS.get(heading, heading), justify="right", no_wrap=True)
    return table


def _rows(result: Confirmed, metrics: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Metrics, beside the first the trial and beside the second its number of seeds."""
    name, n = trial_name(result), f"n = {len(result.seeds)}"
    beside = [name, n] if len(metrics) > 1 else [f"{name}, {n}"]
    yield from zip_longest(beside, metrics, fillvalue="")


def _print_fitting(table: Table, console: Console) -> None:
    if Measurement.get(console, console.options.update(max_width=10_000), table).maximum <= console.width:
        console.print(table)
        return
    headings = [str(column.header).replace("-\n", "").replace("\n", " ") for column in table.columns]
    for cells in zip(*(list(column.cells) for column in table.columns), strict=True):
        beside, metric, *values = map(str, cells)
        first, *rest = (f"{heading} {value}" for heading, value in zip(headings[2:], values, strict=True))
        console.print(Text(", ".join([*([beside] if beside else []), f"{metric}: {first}", *rest])))
    console.print()


def _plus_minus(found: Estimate | None, sign: str, mean_format: str = ".3f") -> str:
    """`0.913 ± 0.004`: three decimals, more only where the error is smaller than they can show."""
    if found is None:
        return "-"
    if found.se is None:
        return format(found.mean, mean_format)
    if 0 < found.se < SMALLEST_SHOWN:
        return f"{number(found.mean)} {sign} {number(found.se)}"
    return f"{found.mean:{mean_format}} {sign} {found.se:.3f}"
