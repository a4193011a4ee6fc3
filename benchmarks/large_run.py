"""What it takes to go on with a run of many trials, and to look at it: time and peak memory of each command.

    python benchmarks/large_run.py [--trials N] [--keep FOLDER] [--json FILE]

The run directory is made by the real recorder, ledger, study.db and files, with metrics drawn at random for
trainings (see virtual_search.py); FOLDER keeps it for another time. Every figure is of a process of its own,
from its start to its end. `resume, 2 owed` starts Ray and trains two trials, at
first without a study.db, which is then made from the ledger; `resume, none owed` shows what
came out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from results import machine, machine_line, progress, say, table, write_json
from virtual_search import run

from search.ledger.history import TrialRecord
from search.ledger.ledger import read_history
from search.loggers.all_loggers import _Files
from search.run_dir.inputs import load_inputs
from search.run_dir.run_directory import RunDirectory, create
from search.run_dir.run_info import noting_the_end
from search.space.loader import load_text
from search.space.writer import resolved_text
from search.study.study import Study

ROOT = Path(__file__).resolve().parents[1]
SPACE = """
name: large
question: What does a large run cost to look at?
data: {name: digits, limit: 300}
objectives:
  - {metric: probe/accuracy, mode: max}
  - {metric: attribution/junk, mode: min}
constraints:
  - {metric: sae/l0, max: 16}
budget: {trials: %d, seed: 0, max_failures: 1000000}
scheduler: {rungs: 3, reduction_factor: 3}
sampler: {name: tpe}
trial:
  classifier: {epochs: 9, hidden_size: {log_int: [32, 256]}}
  basis: {kind: {choice: [raw, zca, random_rotation]}}
  sae: {kind: topk, epochs: 9, width: {log_int: [64, 512]}, k: {log_int: [2, 32]}}
  auxiliary:
    activation_l1: {log_uniform: [1.0e-4, 1.0e-1]}
    junk_penalty: {log_uniform: [1.0e-3, 1.0e+1]}
"""


def main() -> None:
    """Make the run if it is not there, then measure command by command."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="where the run directory is, or will be")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--index", type=Path, metavar="RUN", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.index is not None:
        _write_index(options.index)
        return
    facts = machine()
    with contextlib.ExitStack() as stack:
        root = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = root.resolve() / f"large-{options.trials}"
        if not path.exists():
            progress(f"making a run of {options.trials} trials")
            _make(path, options.trials)
        (path / "study.db").unlink(missing_ok=True)
        rows = _measured(path)
    head = ("command", "clock, s", "processor, s", "peak memory, MB")
    say(table(head, rows))
    say(f"\n{machine_line(facts)}")
    write_json(options.json, sys.argv, facts, [dict(zip(head, row, strict=True)) for row in rows])


def _measured(path: Path) -> list[tuple[str, float, float, float]]:
    trials = len(list((path / "trials").iterdir())) - 1
    search, status = str(ROOT / "search" / "run.py"), str(ROOT / "analysis" / "status.py")
    commands = {
        "status": [status, str(path)],
        "status --json": [status, str(path), "--json"],
        "report": [str(ROOT / "analysis" / "report.py"), str(path)],
        "report --format csv": [str(ROOT / "analysis" / "report.py"), str(path), "--format", "csv"],
        "gallery index": [__file__, "--index", str(path)],
        "resume, none owed": [search, "--resume", str(path), "--no-report"],
        "resume, 2 owed, no study.db": _further(path, trials + 2),
        "resume, 2 owed": _further(path, trials + 4),
    }
    return [(name, *_of_a_process(command)) for name, command in commands.items()]


def _further(path: Path, trials: int) -> list[str]:
    search = str(ROOT / "search" / "run.py")
    return [search, "--resume", str(path), "--trials", str(trials), "--no-report"]


def _of_a_process(command: list[str]) -> tuple[float, float, float]:
    """Seconds by the clock and of processors, and megabytes that it held at most, without its children's."""
    progress(" ".join(command))
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([sys.executable, *command], stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{command} ended with {process.returncode}:\n{said.read().decode()}")
    scale = 1 if sys.platform == "darwin" else 1024
    took = time.perf_counter() - began
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale / 1e6


def _make(path: Path, trials: int) -> None:
    study = load_text(SPACE % trials, "large.yaml").study
    directory = create(path.parent, study.name, path.name, {"space.resolved.yaml": resolved_text(study)})
    data = load_inputs(study).key

    with noting_the_end(study, directory, trials, "go on"), _unsynced():
        # TPE's own time at so many trials is in driver_growth.py; here it proposes those that are owed.
        quick = replace(study, sampler=study.sampler.model_copy(update={"name": "random"}))
        run(quick, directory.ledger, 8, [(1.0, 2.0, 6.0)], _metrics(study), data=data)
        _Files(study, directory, read_history(directory.ledger)).close()
    _pretend_galleries(directory)
    directory.release()


def _metrics(study: Study) -> Callable[[TrialRecord, int], dict[str, float]]:
    """As many as a real trial has, objectives and constraints among them."""
    draws = np.random.default_rng(0)
    needed = {part.metric for part in (*study.objectives, *study.constraints)}
    names = sorted({*needed, *(f"probe/{name}" for name in range(60))})

    def drawn(record: TrialRecord, rung: int) -> dict[str, float]:  # noqa: ARG001
        values = dict(zip(names, draws.random(len(names)).tolist(), strict=True))
        return {**values, "sae/l0": 20 * values["sae/l0"]}

    return drawn


def _pretend_galleries(directory: RunDirectory) -> None:
    """Every trial has one, so far as the index looks."""
    for folder in directory.trials.iterdir():
        gallery = directory.path / "gallery" / folder.name
        gallery.mkdir(parents=True)
        (gallery / "index.html").touch()


@contextlib.contextmanager
def _unsynced() -> Iterator[None]:
    """Nobody needs these thousands of trials after a power cut."""
    real, os.fsync = os.fsync, lambda _: None
    try:
        yield
    finally:
        os.fsync = real


def _write_index(path: Path) -> None:
    """What `gallery.py` does after the galleries themselves."""
    from analysis.gallery_parts.trials_page import write_trials_page
    from analysis.load import load_run

    write_trials_page(load_run(path), path / "gallery", "python analysis/gallery.py", {})


if __name__ == "__main__":
    main()
