"""The tables of a confirmation: search against confirmed values, and for each trial its panel.

Where one does not fit, its rows are printed as words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from search.confirmation.estimates import Confirmed, Estimate
from search.formatting import number, score
from search.ranking.floor import floor_words
from trainables.confirmation.rungs import PANEL, words_of

SMALLEST_SHOWN = 5e-4


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
            floor = floor_words(metric, means(result.estimates["pipeline"]))
            confirmed = _plus_minus(result.estimates["pipeline"].get(metric), sign)
            table.add_row(
                beside,
                metric,
                "-" if gap is None else score(gap.search),
                confirmed if floor is None else f"{confirmed}\n{floor}",
                "-" if gap is None else f"{gap.gap:+.3f}",
                _plus_minus(result.minus_default.get(metric), sign, mean_format="+.3f"),
                end_section=metric == metrics[-1],
            )
    _print_fitting(table, console)


def print_panel(result: Confirmed, metrics: Sequence[str], console: Console) -> None:
    """One row a model, the trained SAE at the head, one column a metric: means over the same seeds."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column(f"trial {trial_name(result)}", no_wrap=True)
    for metric in metrics:
        table.add_column(metric.replace("/", "/\n"), justify="right", no_wrap=True)
    for name in ("pipeline", *panel_order(result)):
        found = result.estimates[name]
        told = ("-" if metric not in found else score(found[metric].mean) for metric in metrics)
        table.add_row(row_words(name), *told, end_section=name == "pipeline")
    _print_fitting(table, console, labels=1)


def panel_order(result: Confirmed) -> list[str]:
    """The controls that were scored, in the panel's order, then those of earlier versions."""
    scored = result.minus_controls
    return [*(name for name in PANEL if name in scored), *(name for name in scored if name not in PANEL)]


def row_words(name: str) -> str:
    """What a row of the panel's table is called."""
    if name == "pipeline":
        return "the trained SAE"
    return words_of(name) + (" (ceiling)" if name in PANEL and PANEL[name].is_ceiling else "")


def means(estimates: Mapping[str, Estimate]) -> dict[str, float]:
    """Metric -> mean over seeds; the standard errors of counts are those over seeds, where they are known."""
    found = {name: estimate.mean for name, estimate in estimates.items()}
    return found | {
        f"{name}_se": estimate.se
        for name, estimate in estimates.items()
        if f"{name}_se" in found and estimate.se is not None
    }


def trial_name(result: Confirmed) -> str:
    """`0017`, with a star for the default configuration."""
    return f"{result.subject.trial:04d}" + ("*" if result.subject.is_default else "")


def _table(columns: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("trial", no_wrap=True)
    table.add_column("metric", no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _rows(result: Confirmed, metrics: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Metrics, beside the first the trial and beside the second its number of seeds."""
    name, n = trial_name(result), f"n = {len(result.seeds)}"
    beside = [name, n] if len(metrics) > 1 else [f"{name}, {n}"]
    yield from zip_longest(beside, metrics, fillvalue="")


def _print_fitting(table: Table, console: Console, labels: int = 2) -> None:
    """labels: how many of the first columns say what the row is."""
    if Measurement.get(console, console.options.update(max_width=10_000), table).maximum <= console.width:
        console.print(table)
        return
    headings = [str(column.header).replace("/\n", "/") for column in table.columns]
    for cells in zip(*(list(column.cells) for column in table.columns), strict=True):
        words = [str(cell).replace("\n", ", ") for cell in cells]
        told = (f"{heading} {word}" for heading, word in zip(headings[labels:], words[labels:], strict=True))
        head = ", ".join(word for word in words[:labels] if word)
        console.print(Text(f"{head}: {', '.join(told)}"))
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
