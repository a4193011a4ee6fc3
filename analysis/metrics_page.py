"""docs/metrics.md: each metric on a default pipeline, its spread over seeds, and what it goes along with.

python analysis/metrics_page.py --data mnist --seeds 5
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.stats import rankdata

from analysis.cli.quoted_command import without_places
from analysis.metric_runs import NEIGHBOURS, Runs, collect
from search.cli.exit_code import exit_code_of
from search.cli.parser import parser_of
from search.disk import write_bytes
from search.run_dir.inputs import load_data
from search.study.sections import DataSource
from trainables.data.dataset import ImageData, to_tensors
from trainables.metrics.catalog import METRICS, is_companion, null_of, skill_of
from trainables.stages.cache import StageCache

Table = Sequence[Mapping[str, float]]
ALIKE = 0.9


EXAMPLES = """\
examples:
  python analysis/metrics_page.py --data mnist --seeds 5
  python analysis/metrics_page.py --limit 500 --seeds 2 --neighbours 1 --out /tmp/metrics.md   a look

exit codes: 0 done   2 usage   7 data missing   8 disk
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the page and print its path; exit code as `search.errors` has it."""
    options = _parser().parse_args(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    return exit_code_of(lambda: _write(options, without_places(given)))


def _write(options: argparse.Namespace, arguments: str) -> None:
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = to_tensors(load_data(DataSource(name=options.data, limit=options.limit)), device)
    epochs = {"classifier": options.classifier_epochs, "sae": options.sae_epochs}
    runs = collect(
        data,
        seeds=options.seeds,
        neighbours=options.neighbours,
        epochs={name: count for name, count in epochs.items() if count is not None},
        cache=StageCache(options.cache) if options.cache else None,
        device=device,
        progress=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201
    )
    write_bytes(options.out, page(runs, introduction(options.data, data, arguments)).encode())
    sys.stdout.write(f"{options.out}\n")


def introduction(name: str, data: ImageData, arguments: str) -> str:
    """What was run, for the head of the page."""
    return (
        f"Made by `python analysis/metrics_page.py {arguments}`; do not edit. "
        f"Data: {name}, {len(data.train)} train and {len(data.val)} val images "
        f"of {data.image_shape[0]}x{data.image_shape[1]}, scored on val. "
        "These numbers judge the metrics; results are quoted from a confirmation only."
    )


def page(runs: Runs, intro: str) -> str:
    """The whole page as Markdown."""
    names = [name for name in METRICS if all(name in row for row in runs.default)]
    shown = [name for name in names if not is_companion(name)]
    everything = [*runs.default, *runs.neighbours]
    moving = [name for name in shown if METRICS[name].mode is not None]
    correlation = rank_correlations(everything, moving)
    per_seed = len(runs.neighbours) // max(len(runs.default), 1)
    changes = "; ".join(str(dict(change)).replace("'", "") for change in NEIGHBOURS[:per_seed])
    return f"""# The metrics on a default pipeline

{intro}

## Values over {len(runs.default)} seeds

`null` is the computed chance level, `skill` goes from 0 at chance to 1. `s.d.` is over seeds of the default.
`signal` is the s.d. over the pipelines compared below divided by that: near 1 or less, the metric tells
pipelines apart no better than seeds do, and is noise here. Names without a direction are references.

{_values(runs, shown, everything)}

## What goes together

Spearman's rank correlation over {len(everything)} pipelines, the default and its neighbours ({changes}),
every seed; left out where fewer than half of them have both metrics, as those of a confirmation, which
only the default has. Metrics at |rho| >= {ALIKE} say nearly the same here:

{_pairs(moving, correlation)}

All of them, in hundredths; the numbers in the head are those of the lines.

{_matrix(moving, correlation)}
"""


def rank_correlations(rows: Table, names: Sequence[str]) -> np.ndarray:
    """Spearman's rho (m, m) over the rows that have both metrics; NaN where one does not vary.

    NaN too where fewer than half of the rows have both: among 35 pipelines, five that line up say nothing.
    """
    fewest = max(3, math.ceil(len(rows) / 2))
    rho = np.full((len(names), len(names)), np.nan)
    for i, first in enumerate(names):
        for j, second in enumerate(names):
            both = [(row[first], row[second]) for row in rows if first in row and second in row]
            a, b = (rankdata(values) for values in zip(*both, strict=True)) if both else ([], [])
            if len(both) >= fewest and np.ptp(a) > 0 and np.ptp(b) > 0:
                rho[i, j] = np.corrcoef(a, b)[0, 1]
    return rho


def _values(runs: Runs, names: Sequence[str], everything: Table) -> str:
    lines = [
        "| metric | better | when | value | s.d. | null | skill | signal | what |",
        "|---|---|---|---:|---:|---:|---:|---:|---|",
    ]
    for name in names:
        info = METRICS[name]
        value, spread = _mean_and_spread(runs.default, name)
        null, skill = (_optional(runs.default, other) for other in (null_of(name), skill_of(name)))
        ratio = _mean_and_spread(everything, name)[1] / spread if spread > 0 and runs.neighbours else np.nan
        signal = "" if not np.isfinite(ratio) or name not in runs.neighbours[0] else f"{ratio:.1f}"
        lines.append(
            f"| {name} | {info.mode or ''} | {info.when} | {value:.3f} | {spread:.3f} | {null} | {skill} "
            f"| {signal} | {info.description} |"
        )
    return "\n".join(lines)


def _pairs(names: Sequence[str], rho: np.ndarray) -> str:
    found = [
        (rho[i, j], names[i], names[j])
        for i in range(len(names))
        for j in range(i)
        if np.isfinite(rho[i, j]) and abs(rho[i, j]) >= ALIKE
    ]
    found.sort(key=lambda entry: (-abs(entry[0]), entry[1], entry[2]))
    lines = [f"- {value:+.2f} {first}, {second}" for value, first, second in found]
    return "\n".join(lines) if lines else "None."


def _matrix(names: Sequence[str], rho: np.ndarray) -> str:
    head = "| | " + " | ".join(str(i + 1) for i in range(len(names))) + " |"
    rule = "|---|" + "---:|" * len(names)
    lines = [
        f"| {i + 1} {name} | "
        + " | ".join("" if not np.isfinite(value) else f"{100 * value:.0f}" for value in rho[i])
        + " |"
        for i, name in enumerate(names)
    ]
    return "\n".join([head, rule, *lines])


def _mean_and_spread(rows: Table, name: str) -> tuple[float, float]:
    values = np.array([row[name] for row in rows if name in row])
    return float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _optional(rows: Table, name: str | None) -> str:
    there = name is not None and all(name in row for row in rows)
    return f"{_mean_and_spread(rows, str(name))[0]:.3f}" if there else ""


def _parser() -> argparse.ArgumentParser:
    parser = parser_of("analysis/metrics_page.py", __doc__ or "", EXAMPLES)
    parser.add_argument("--data", default="digits", help="name of the images (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each (default: %(default)s)")
    parser.add_argument("--neighbours", type=int, default=len(NEIGHBOURS), help="other pipelines per seed")
    parser.add_argument("--classifier-epochs", type=int, help="instead of the default's")
    parser.add_argument("--sae-epochs", type=int, help="instead of the default's")
    parser.add_argument("--limit", type=int, help="keep at most so many images of each split")
    parser.add_argument("--cache", type=Path, help="folder of a stage cache, to go on after an interruption")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of torch (default: all)")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/metrics.md"), help="the page (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
