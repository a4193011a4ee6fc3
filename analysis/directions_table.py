"""What each direction of an ablation did to the default, as a Markdown table.

python -m analysis.directions_table RUN > docs/directions.md
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.cli.quoted_command import without_places
from analysis.effects.effect import FALSE_DISCOVERIES, q_values
from analysis.effects.paired import (
    Effect,
    Measure,
    arm_metrics,
    level,
    metric,
    paired_difference,
)
from search.cli.exit_code import exit_code_of
from search.cli.parser import add_run, parser_of
from search.errors import RunDirectoryError
from search.ledger.history import History
from search.ledger.ledger import read_history
from search.run_dir.own_space import own_study
from search.run_dir.run_directory import RunDirectory, open_existing
from search.study.design import DEFAULT_ARM, Design
from search.study.study import Study


def _purity_above_null(metrics: Mapping[str, float]) -> float:
    return metrics["selectivity/purity"] - metrics["selectivity/purity_null"]


EXAMPLES = """\
examples:
  python search/run.py spaces/ablation.yaml --name ablation
  python -m analysis.directions_table runs/ablation > docs/directions.md

RUN's space file has a `design`; python analysis/report.py RUN tells the effects of a search too. Only
files are read.

exit codes: 0 done   2 usage   6 no run, no design, or no default trained yet
"""
# Heading -> what it measures, and whether more (+1) or less (-1) of it is better.
COLUMNS: dict[str, tuple[Measure, int]] = {
    "junk": (metric("attribution/junk"), -1),
    "dead": (metric("sae/dead_fraction"), -1),
    "purity above null": (_purity_above_null, +1),
    "probe accuracy": (metric("probe/accuracy"), +1),
    "FVU": (metric("sae/fvu"), -1),
    "classifier accuracy": (metric("classifier/accuracy"), +1),
}


def directions_table(run: Path) -> str:
    """The whole page. RunDirectoryError if the run has no design or no replicate of its default."""
    directory = open_existing(run)
    history = read_history(directory.ledger)
    study = own_study(directory, history)
    design = study.listed
    if not isinstance(design, Design):
        raise RunDirectoryError(f"{run} is a search, not a design: its space file has no `design`")
    arms = arm_metrics(history)
    if DEFAULT_ARM not in arms:
        raise RunDirectoryError(f"{run} has no finished trial of its default yet: nothing to compare with")
    lines = [*_head(study, design, history, directory), "", _row("direction", "n", *COLUMNS)]
    lines.append("|" + " --- |" + " ---: |" * (len(COLUMNS) + 1))
    levels = {heading: level(arms, DEFAULT_ARM, measure) for heading, (measure, _) in COLUMNS.items()}
    cells = (_number(found, signed=False) for found in levels.values())
    lines.append(_row("**default**, itself", str(len(arms[DEFAULT_ARM])), *cells))
    names = [arm.name for arm in design.arms[1:]]
    table = [[paired_difference(arms, name, measure) for measure, _ in COLUMNS.values()] for name in names]
    sure = iter(q_values([found.p_value for effects in table for found in effects]))
    signs = [better for _, better in COLUMNS.values()]
    for name, effects in zip(names, table, strict=True):
        cells = (_difference(found, sign, next(sure)) for found, sign in zip(effects, signs, strict=True))
        lines.append(_row(name, str(effects[0].n), *cells))
    return "\n".join([*lines, "", *_settings(design)]) + "\n"


def _head(study: Study, design: Design, history: History, directory: RunDirectory) -> list[str]:
    info = directory.read_info()
    ended = {state: len(history.in_state(state)) for state in ("COMPLETE", "PRUNED", "FAIL")}
    lost = design.trials - ended["COMPLETE"]
    git = info.get("git") or {"commit": "unknown", "dirty": False}
    commit = f"`{git['commit'][:12]}`" + (" with changes of its own" if git["dirty"] else "")
    return [
        "# What each direction does alone",
        "",
        f"{study.question}",
        "",
        f"Measured by the design `{study.name}` on {study.data.name}, val split: {ended['COMPLETE']} of "
        f"{design.trials} trials trained in full"
        + (f", {lost} did not ({ended['FAIL']} failed, {ended['PRUNED']} stopped early)" if lost else "")
        + f"; code at commit {commit}.",
        *_command(info),
        "",
        "The first row is the default. Every other row is one direction alone: the mean of its differences "
        "to the default in the same replicate, ± their standard error, from n pairs. ▲ is better and ▼ worse "
        f"with the false discovery rate of the whole table held at {FALSE_DISCOVERIES:.0%} (Student's t, "
        "Benjamini and Hochberg), as in a report. "
        "Junk is 1 at chance; purity above null is the purity of latents minus that of random "
        "directions that fire as often; FVU is the share of the activations' variance left unexplained.",
    ]


def _command(info: Mapping[str, Any]) -> list[str]:
    """The command that made the run; nothing if a later session of it resumed."""
    words = info.get("command") or []
    if not words or "--resume" in words:
        return []
    return ["", f"    python search/{without_places(words)}"]


def _settings(design: Design) -> list[str]:
    lines = ["## What the directions set", ""]
    for arm in design.arms[1:]:
        changes = ", ".join(f"`{path}: {_plain(value)}`" for path, value in arm.changes.items())
        lines.append(f"- {arm.name}: {changes}")
    return lines


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _difference(found: Effect, better: int, q_value: float) -> str:
    mark = ""
    if found.is_clear and q_value <= FALSE_DISCOVERIES:
        mark = " ▲" if found.mean * better > 0 else " ▼"
    return _number(found, signed=True) + mark


def _number(found: Effect, *, signed: bool) -> str:
    """`0.123 ± 0.004`; no error where there is one value only, `-` for none."""
    if found.n == 0:
        return "-"
    mean = f"{found.mean:+.3f}" if signed else f"{found.mean:.3f}"
    return mean if math.isnan(found.standard_error) else f"{mean} ± {found.standard_error:.3f}"


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("-m analysis.directions_table", __doc__ or "", EXAMPLES)
    add_run(parser, "a run of a design")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Print the page; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    return exit_code_of(lambda: _write(options.run))


def _write(run: Path) -> None:
    sys.stdout.write(directions_table(run))


if __name__ == "__main__":
    raise SystemExit(main())
