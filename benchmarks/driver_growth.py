"""What the driver does for one trial, as a run grows: seconds, memory, bytes on disk.

    python benchmarks/driver_growth.py [--trials N] [--json FILE]

The real suggester, scheduler, recorder, ledger, study.db, trial files and TensorBoard events, driven without
Ray by workers that only pass time (see virtual_search.py). Beside it the searcher of Ray's documentation,
`ray.tune.search.optuna.OptunaSearch` with Optuna's TPE sampler, asked and told the same number of times,
which keeps nothing on disk. Both learn from two objectives over the same six parameters.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
from results import machine, machine_line, say, table, write_json
from virtual_search import run

from search.ledger.history import History, TrialRecord
from search.ledger.recorder import TrialLogger
from search.loggers.study_db import StudyDbLogger
from search.loggers.tensorboard_events import TensorBoardLogger
from search.loggers.trial_files import TrialFilesLogger
from search.space.loader import load_text
from search.study.study import Study

SPACE = """
name: growth
question: How does the driver's work grow with the number of trials?
objectives:
  - {metric: probe/accuracy, mode: max}
  - {metric: attribution/junk, mode: min}
scheduler: {rungs: 3}
trial:
  classifier: {hidden_size: {log_int: [32, 256]}}
  basis: {kind: {choice: [raw, zca, random_rotation]}}
  sae: {kind: topk, width: {log_int: [64, 512]}, k: {log_int: [2, 32]}}
  auxiliary:
    activation_l1: {log_uniform: [1.0e-4, 1.0e-1]}
    junk_penalty: {log_uniform: [1.0e-3, 1.0e+1]}
"""
MARKS = (0, 100, 300, 1000, 3000, 5000)


def main(arguments: list[str] | None = None) -> None:
    """Print the table; a row is a stretch of the run."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    facts = machine()
    loaded = load_text(SPACE, "growth.yaml").study
    study = replace(loaded, budget=loaded.budget.model_copy(update={"trials": options.trials}))
    marks = [mark for mark in MARKS if mark < options.trials] + [options.trials]
    with tempfile.TemporaryDirectory() as folder:
        ours = _ours(study, Path(folder), marks)
        stock = _stock(study, marks)
    rows = [
        (f"{low} to {high}", *(1000 * value for value in (ask, tell, peer)), memory, kilobytes)
        for (low, high), ask, tell, memory, kilobytes, peer in zip(pairwise(marks), *ours, stock, strict=True)
    ]
    head = (
        "trials",
        "propose, ms",
        "record a step, ms",
        "OptunaSearch, ms",
        "memory, MB",
        "disk, KB a trial",
    )
    say(table(head, rows))
    say(f"\n{machine_line(facts)}")
    write_json(options.json, sys.argv, facts, [dict(zip(head, row, strict=True)) for row in rows])


class _Watch:
    """Resident memory and bytes on disk when the run has so many ended trials."""

    def __init__(self, folder: Path, marks: Sequence[int]) -> None:
        self._folder, self._marks = folder, list(marks[1:])
        self.memory: list[float] = []
        self.size: list[float] = []

    def on_events(self, events: Sequence[object], history: History) -> None:  # noqa: ARG002
        """Look when the next mark is reached."""
        if self._marks and len(history.trials) >= self._marks[0]:
            self._marks.pop(0)
            self.look()

    def look(self) -> None:
        """Note how things stand."""
        self.memory.append(psutil.Process().memory_info().rss / 1e6)
        self.size.append(sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file()))

    def close(self) -> None:
        """Nothing is held back."""


def _ours(study: Study, folder: Path, marks: Sequence[int]) -> tuple[list[float], ...]:
    """Medians per stretch of seconds for a proposal and a step; memory in MB; KB a trial."""
    (folder / "trials").mkdir()
    watch = _Watch(folder, marks)

    def loggers(history: History) -> list[TrialLogger]:
        files, board = TrialFilesLogger(folder, study), TensorBoardLogger(folder, study)
        return [StudyDbLogger(study, folder / "study.db", history), _Each(files), _Each(board), watch]

    draws = np.random.default_rng(0)

    def metrics(record: TrialRecord, rung: int) -> dict[str, float]:  # noqa: ARG001
        return {"probe/accuracy": float(draws.random()), "attribution/junk": float(draws.random())}

    course = run(study, folder / "trials.jsonl", 8, [(1.0, 2.0, 6.0)], metrics, loggers)
    asked = [statistics.median(course.ask[low:high]) for low, high in pairwise(marks)]
    per_trial = len(course.tell) / course.trials
    cuts = [round(mark * per_trial) for mark in marks]
    told = [statistics.median(course.tell[low:high]) for low, high in pairwise(cuts)]
    grown = [
        (b - a) / 1000 / (high - low)
        for (a, b), (low, high) in zip(pairwise([0.0, *watch.size]), pairwise(marks), strict=True)
    ]
    return asked, told, watch.memory, grown


class _Each:
    """A part that takes events one by one, as a logger."""

    def __init__(self, part: TrialFilesLogger | TensorBoardLogger) -> None:
        self._part = part

    def on_events(self, events: Sequence[object], history: History) -> None:
        """Pass them on."""
        for event in events:
            self._part.apply(event, history)  # type: ignore[arg-type]

    def close(self) -> None:
        """Close it, if it can be."""
        if isinstance(self._part, TensorBoardLogger):
            self._part.close()


def _stock(study: Study, marks: Sequence[int]) -> list[float]:
    """Medians per stretch of seconds for a suggestion of Ray's OptunaSearch."""
    import optuna
    from ray.tune.search.optuna import OptunaSearch

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")

    def space(trial: optuna.Trial) -> None:
        trial.suggest_int("hidden_size", 32, 256, log=True)
        trial.suggest_categorical("kind", ["raw", "zca", "random_rotation"])
        trial.suggest_int("width", 64, 512, log=True)
        trial.suggest_int("k", 2, 32, log=True)
        trial.suggest_float("activation_l1", 1e-4, 1e-1, log=True)
        trial.suggest_float("junk_penalty", 1e-3, 1e1, log=True)

    names, modes = ["accuracy", "junk"], ["max", "min"]
    sampler = optuna.samplers.TPESampler(seed=0, n_startup_trials=study.sampler.startup_trials)
    searcher = OptunaSearch(space=space, metric=names, mode=modes, sampler=sampler)
    draws, took = np.random.default_rng(0), []
    for number in range(marks[-1]):
        started = time.perf_counter()
        searcher.suggest(str(number))
        took.append(time.perf_counter() - started)
        result = {name: float(draws.random()) for name in names}
        searcher.on_trial_complete(str(number), {**result, "training_iteration": 1})
    return [statistics.median(took[low:high]) for low, high in pairwise(marks)]


if __name__ == "__main__":
    main()
