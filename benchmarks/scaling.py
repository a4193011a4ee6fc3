"""How a search scales with its workers: measured on this machine, and in virtual time beyond it.

    python benchmarks/scaling.py                                # both parts, 1 to 256 workers
    python benchmarks/scaling.py --measure                      # real Ray, 1 to as many workers as cores
    python benchmarks/scaling.py --simulate --workers 1 16 256  # no Ray

Tables for benchmarks/README.md go to stdout, what is under way to stderr.

Simulated: the real suggester (Optuna's TPE on two objectives), asynchronous halving, recorder and ledger on
this machine's disk; workers only pass the time that recorded MNIST trials took from rung to rung
(recorded/mnist_rungs.json), and metrics are drawn at random. What the driver really takes for a proposal or
a result passes in virtual time too, one event after the other. A worker idles while the driver is busy, and
at the end, when no trials are left to hand out.

Measured: trials on the embedded digits, all trained in full. Beside each figure stands what the simulation
says with the durations of that very run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from measured_scaling import measure
from results import machine, machine_line, progress, say, table, write_json
from virtual_search import ClassifierLoop, run

from search.ledger.history import TrialRecord
from search.space.loader import load_text
from search.study.study import Study

RECORDED = Path(__file__).parent / "recorded" / "mnist_rungs.json"
SPACE = """
name: scaling
question: How many workers can one driver feed?
objectives:
  - {metric: probe/accuracy, mode: max}
  - {metric: attribution/junk, mode: min}
scheduler: {name: asha, rungs: 3, reduction_factor: 3}
trial:
  classifier: {hidden_size: {log_int: [32, 256]}}
  basis: {kind: {choice: [raw, zca, random_rotation]}}
  sae: {kind: topk, width: {log_int: [64, 512]}, k: {log_int: [2, 32]}}
  auxiliary:
    activation_l1: {log_uniform: [1.0e-4, 1.0e-1]}
    junk_penalty: {log_uniform: [1.0e-3, 1.0e+1]}
"""
SIMULATED = (
    "workers",
    "trials",
    "hours",
    "trials/h",
    "workers busy",
    "driver busy",
    "ask, ms",
    "ask p99, ms",
    "tell, ms",
)
LEAST_TRIALS, MOST_TRIALS = 256, 1024
MEASURED = ("workers", "trials", "trials/h", "simulated")


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--workers", type=int, nargs="+", default=[2**n for n in range(9)])
    parser.add_argument(
        "--per-worker", type=int, default=8, help="trials for each worker; 256 to 1024 in all"
    )
    parser.add_argument("--measure", action="store_true", help="only what is measured")
    parser.add_argument("--simulate", action="store_true", help="only what is simulated")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    both = options.measure == options.simulate
    facts = machine()
    carried = [2**n for n in range(int(facts["cores"]).bit_length())]
    figures: dict[str, list[dict[str, object]]] = {}
    if both or options.measure:
        figures["measured"] = _table(MEASURED, [_measured(workers) for workers in carried])
    if both or options.simulate:
        rows = [
            _simulated(workers, min(max(LEAST_TRIALS, options.per_worker * workers), MOST_TRIALS))
            for workers in options.workers
        ]
        figures["simulated"] = _table(SIMULATED, rows)
    say(f"\n{machine_line(facts)}")
    write_json(options.json, sys.argv, facts, figures)


def _table(head: Sequence[str], rows: list[tuple[object, ...]]) -> list[dict[str, object]]:
    say("\n" + table(head, rows))
    return [dict(zip(head, row, strict=True)) for row in rows]


def _measured(workers: int) -> tuple[object, ...]:
    progress(f"{workers} workers, measured ...")
    durations, hourly = measure(workers)
    loaded = load_text(SPACE, "scaling.yaml").study
    whole = replace(loaded, scheduler=loaded.scheduler.model_copy(update={"name": "none", "rungs": 1}))
    course = _course(whole, workers, len(durations), durations)
    return workers, len(durations), hourly, _hourly(course)


def _simulated(workers: int, trials: int) -> tuple[object, ...]:
    progress(f"{workers} workers, simulated ...")
    study = load_text(SPACE, "scaling.yaml").study
    course = _course(study, workers, trials, _filled(json.loads(RECORDED.read_text())["seconds"]))
    ask = sorted(1000 * seconds for seconds in course.ask)
    return (
        workers,
        course.trials,
        course.makespan / 3600,
        _hourly(course),
        f"{100 * course.utilisation:.0f} %",
        f"{100 * (sum(course.ask) + sum(course.tell)) / course.makespan:.2g} %",
        statistics.median(ask),
        ask[int(0.99 * (len(ask) - 1))],
        1000 * statistics.median(course.tell),
    )


def _course(study: Study, workers: int, trials: int, durations: Sequence[Sequence[float]]) -> ClassifierLoop:
    draws = np.random.default_rng(0)

    def metrics(record: TrialRecord, rung: int) -> dict[str, float]:  # noqa: ARG001
        return {"probe/accuracy": float(draws.random()), "attribution/junk": float(draws.random())}

    owed = replace(study, budget=study.budget.model_copy(update={"trials": trials}))
    with tempfile.TemporaryDirectory() as folder:
        return run(owed, Path(folder) / "trials.jsonl", workers, durations, metrics)


def _hourly(course: ClassifierLoop) -> float:
    return 3600 * course.trials / course.makespan


def _filled(recorded: Sequence[Sequence[float]]) -> list[list[float]]:
    """A trial that was stopped gets the rungs it never saw, at the whole trials' ratios between rungs.

    In the simulation halving may let just that trial go on.
    """
    rungs = max(map(len, recorded))
    whole = [seconds for seconds in recorded if len(seconds) == rungs]
    total = [sum(seconds[rung] for seconds in whole) for rung in range(rungs)]
    return [
        [
            *seconds,
            *(seconds[-1] * total[rung] / total[len(seconds) - 1] for rung in range(len(seconds), rungs)),
        ]
        for seconds in recorded
    ]


if __name__ == "__main__":
    main()
