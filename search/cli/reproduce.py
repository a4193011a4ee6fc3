"""Training one trial of a run again, from nothing, and comparing its metrics with the recorded ones."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from search.errors import ExitCode, SpaceError
from search.execution.recorded_session import plan_of
from search.execution.resources import grant, resources_of_this_machine
from search.ledger.history import History, TrialRecord
from search.ledger.ledger import read_history
from search.run_dir.inputs import load_data
from search.run_dir.own_space import own_study
from search.run_dir.run_directory import open_existing
from search.study.study import Study
from trainables.metrics.catalog import RETIRED

RELATIVE_TOLERANCE = 1e-6
"""Bit-equal on the machine that trained the trial; other processors round differently in the last digits.

So does a GPU when several SAEs are trained as one batched product, which depends on the trials that shared
it; a training can amplify that, and the user is told.
"""
SHARED_GPU = (
    "trials that share a GPU train SAEs of one shape in one batch; alone, as now, they come out the same up "
    "to rounding, so metrics of SAEs may differ in their later digits"
)


@dataclass(frozen=True)
class Comparison:
    """One metric at one rung, then and now."""

    rung: int
    metric: str
    recorded: float
    again: float | None

    @property
    def repeats(self) -> bool:
        """Whether the two agree."""
        if self.again is None:
            return False
        return abs(self.recorded - self.again) <= RELATIVE_TOLERANCE * max(1.0, abs(self.recorded))


def reproduce(run: Path, number: int, *, as_json: bool) -> int:
    """Train a trial again, without cache or Ray; exit code 0 if every metric repeats, else 1."""
    directory = open_existing(run)
    history = read_history(directory.ledger)
    study = own_study(directory, history)
    record = _record(history, number, run)
    again = _train(study, record)
    comparisons = [
        Comparison(rung, metric, value, again.get(rung, {}).get(metric))
        for rung, report in sorted(record.rungs.items())
        for metric, value in report.metrics.items()
        if metric not in RETIRED
    ]
    repeats = all(comparison.repeats for comparison in comparisons)
    if as_json:
        rows = [vars(c) | {"repeats": c.repeats} for c in comparisons]
        print(json.dumps({"trial": number, "repeats": repeats, "metrics": rows}, indent=2))  # noqa: T201
    else:
        _show(number, comparisons, repeats)
    return ExitCode.DONE if repeats else ExitCode.INTERNAL


def _record(history: History, number: int, run: Path) -> TrialRecord:
    record = history.trials.get(number)
    if record is None:
        raise SpaceError(f"{run} has no trial {number}; it has {len(history.trials)}, numbered from 0")
    if not record.rungs:
        raise SpaceError(
            f"trial {number} of {run} reached no rung ({record.reason or record.state}): nothing to compare"
        )
    return record


def _train(study: Study, record: TrialRecord) -> dict[int, Mapping[str, float]]:
    """Rung -> metrics of a fresh training up to the last rung that the record has."""
    import torch

    from trainables.data.dataset import to_tensors
    from trainables.device import device_for
    from trainables.errors import TrialDiverged
    from trainables.pipeline.pipeline import Pipeline

    granted = grant(study.resources, [resources_of_this_machine()])
    device = device_for(granted.gpu)
    torch.set_num_threads(granted.threads)
    if device.type == "cuda" and granted.gpu < 1:
        print(SHARED_GPU, file=sys.stderr)  # noqa: T201
    data = to_tensors(load_data(study.data), device)
    pipeline = Pipeline(study.trial_config(record.params), data, plan_of(study), cache=None, device=device)
    rungs: dict[int, Mapping[str, float]] = {}
    last = max(record.rungs)
    while last not in rungs:
        try:
            step = pipeline.step()
        except TrialDiverged as error:
            print(f"this time the trial diverged: {error}", file=sys.stderr)  # noqa: T201
            break
        if step.rung is not None:
            rungs[step.rung] = step.metrics
            print(f"rung {step.rung} of {last}", file=sys.stderr)  # noqa: T201
    return rungs


def _show(number: int, comparisons: list[Comparison], repeats: bool) -> None:
    console = Console(highlight=False, no_color="NO_COLOR" in os.environ)
    table = Table(title=f"trial {number:04d}, trained again", title_justify="left")
    for heading in ("rung", "metric", "recorded", "again", ""):
        table.add_column(heading, justify="left" if heading in ("metric", "") else "right")
    for c in comparisons:
        again = "missing" if c.again is None else f"{c.again:.6g}"
        table.add_row(
            str(c.rung), c.metric, f"{c.recorded:.6g}", again, "same" if c.repeats else "[red]differs[/red]"
        )
    console.print(table)
    console.print("Every metric repeats." if repeats else "[red]Some metrics do not repeat.[/red]")
