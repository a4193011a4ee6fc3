"""Real searches of scaling.py: `search/run.py` on a Ray of so many CPUs, one trial on each."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from search.ledger.history import History
from search.ledger.ledger import read_history

ROOT = Path(__file__).parents[1]
TRIALS_PER_WORKER = 20
SPACE = """
name: scaling
question: Trials an hour?
data: {{name: digits}}
objectives:
  - {{metric: probe/accuracy, mode: max}}
budget: {{trials: {trials}, seed: 0}}
scheduler: {{name: none}}
resources: {{cpu: 1, gpu: 0}}
trial:
  classifier: {{hidden_size: {{log_int: [32, 128]}}, epochs: 20}}
  basis: {{kind: raw}}
  sae: {{kind: topk, width: {{log_int: [64, 512]}}, k: {{log_int: [2, 32]}}, epochs: 20}}
"""
RAY = """
import sys, ray
ray.init(address="local", num_cpus=int(sys.argv[1]), include_dashboard=False, _temp_dir=sys.argv[2])
print("at", ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""


def measure(workers: int) -> tuple[list[list[float]], float]:
    """Seconds of each trial, and trials an hour once every worker has its process.

    A worker's first trial waits for the process to start, which takes longer than the trial: the search's
    rate is taken from the end of the first `workers` trials on.
    """
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, _ray(workers, folder) as address:
        space = Path(folder) / "scaling.yaml"
        space.write_text(SPACE.format(trials=TRIALS_PER_WORKER * workers))
        command = [sys.executable, ROOT / "search" / "run.py", space, "--out", folder, "--name", "run"]
        environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "SAE_SEARCH_CACHE": f"{folder}/cache"}
        done = subprocess.run(
            [*command, "--address", address], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return _figures(read_history(Path(folder) / "run" / "trials.jsonl"), workers)


def _figures(history: History, workers: int) -> tuple[list[list[float]], float]:
    ends = sorted(trial.ended for trial in history.trials.values() if trial.ended is not None)
    later = sorted(history.trials.values(), key=lambda trial: trial.started)[workers:]
    durations = [[trial.ended - trial.started] for trial in later if trial.ended is not None]
    return durations, 3600 * (len(ends) - workers) / (ends[-1] - ends[workers - 1])


@contextmanager
def _ray(cpus: int, folder: str) -> Iterator[str]:
    """A Ray of its own in a process of its own; yields the address."""
    process = subprocess.Popen(
        [sys.executable, "-c", RAY, str(cpus), folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        lines = (line for line in process.stdout if line.startswith("at "))
        yield next(lines).split()[1]
    finally:
        process.stdin.close()
        process.wait()
