"""What a trial costs beyond its own training.

    python benchmarks/trial_overhead.py [--data NAME] [--trials N] [--rounds N] [--json FILE]

Each trial is a short pipeline with settings that no other has, so that nothing comes from the stage cache.
One worker with all of the machine's CPUs runs them one after the other, in three ways:

    alone   in this process, nothing around it: the training itself
    ours    a search as `search/run.py` runs it: ledger, study.db, checkpoints, stage cache, TensorBoard
    stock   a function trainable of Ray Tune as its documentation shows it: a process of its own for every
            trial, which imports torch and loads the data; no checkpoints

The overhead is the time from one trial's end to the next one's, less the training alone. The first two take
turns, since a training's time drifts with the machine by as much as the overhead is: medians over all rounds,
with the least and the largest overhead that a round alone gives.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from results import machine, machine_line, progress, say, table, write_json

from search.execution.recorded_session import plan_of
from search.ledger.ledger import read_history
from search.space.loader import load_study
from search.study.study import Study

ROOT = Path(__file__).parents[1]
SPACE = """
name: overhead
question: What does a trial cost beyond its training?
data: {{name: {data}, limit: 2000}}
objectives:
  - {{metric: probe/accuracy, mode: max}}
budget: {{trials: {trials}, seed: 0}}
scheduler: {{name: none}}
sampler: {{name: random}}
resources: {{cpu: {cpus}, gpu: 0}}
trial:
  classifier: {{hidden_size: 64, epochs: 1, learning_rate: {{log_uniform: [1.0e-3, 1.1e-3]}}}}
  sae: {{kind: topk, width: 128, k: 8, epochs: 1}}
"""


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--data", default="mnist" if os.environ.get("SAE_SEARCH_DATA") else "digits")
    parser.add_argument("--trials", type=int, default=12, help="in each way and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    facts = machine()
    cpus = facts["cores"]
    alone, ours = [], []
    with tempfile.TemporaryDirectory() as folder:
        space = Path(folder) / "overhead.yaml"
        space.write_text(SPACE.format(data=options.data, trials=options.trials, cpus=cpus))
        for number in range(options.rounds):
            study, configs, took = _ours(space, Path(folder) / str(number))
            ours.append(took)
            alone.append(_alone(study, configs, cpus)[1:])
            progress(f"round {number + 1} of {options.rounds} measured")
        stock = [_stock(options.data, [config.model_dump() for config in configs], cpus)]
    rows = [
        (name, *_figures(took, alone)) for name, took in (("alone", alone), ("ours", ours), ("stock", stock))
    ]
    head = ("", "a trial, s", "overhead, s", "least", "largest")
    say(f"{options.data}, {options.rounds} times {options.trials} trials, one at a time on {cpus} CPUs\n")
    say(table(head, rows))
    say(f"\n{machine_line(facts)}")
    write_json(options.json, sys.argv, facts, [dict(zip(head, row, strict=True)) for row in rows])


def _figures(took: list[list[float]], alone: list[list[float]]) -> tuple[float, float, float, float]:
    """Of rounds of trials: seconds a trial, overhead, its least and largest in a round."""
    seconds = statistics.median([each for times in took for each in times])
    base = statistics.median([each for times in alone for each in times])
    rounds = [
        statistics.median(mine) - statistics.median(bare) for mine, bare in zip(took, alone, strict=False)
    ]
    return seconds, seconds - base, min(rounds), max(rounds)


def _ours(space: Path, folder: Path) -> tuple[Study, list[Any], list[float]]:
    """The study, every trial's configuration, and seconds from one end to the next."""
    command = [sys.executable, ROOT / "search" / "run.py", space, "--out", folder, "--name", "ours"]
    environment = {**os.environ, "SAE_SEARCH_CACHE": str(folder / "cache")}
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=ROOT)
    study = load_study(folder / "ours" / "space.resolved.yaml").study
    trials = sorted(read_history(folder / "ours" / "trials.jsonl").trials.values(), key=lambda t: t.number)
    ends = sorted(trial.ended for trial in trials if trial.ended is not None)
    configs = [study.trial_config(trial.params) for trial in trials]
    return study, configs, [after - before for before, after in pairwise(ends)]


def _alone(study: Study, configs: list[Any], cpus: int) -> list[float]:
    """Seconds for each trial's pipeline in this process."""
    import torch

    from search.run_dir.inputs import load_data
    from trainables.data.dataset import to_tensors
    from trainables.pipeline.pipeline import Pipeline

    torch.set_num_threads(cpus)
    data, took = to_tensors(load_data(study.data)), []
    for config in configs:
        started = time.perf_counter()
        pipeline = Pipeline(config, data, plan_of(study), cache=None, device="cpu")
        while not pipeline.done:
            pipeline.step()
        took.append(time.perf_counter() - started)
    return took


def _stock(data_name: str, configs: list[dict[str, Any]], cpus: int) -> list[float]:
    """Seconds from one end to the next of a plain `tune.Tuner` over a function that trains the same."""
    for name, value in {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}.items():
        os.environ.setdefault(name, value)
    import logging

    import ray
    from ray import tune

    def train(config: dict[str, Any]) -> None:
        import torch

        from trainables.config import TrialConfig
        from trainables.data.dataset import load_dataset, to_tensors
        from trainables.pipeline.pipeline import Pipeline
        from trainables.pipeline.plan import Plan

        torch.set_num_threads(cpus)
        data = to_tensors(load_dataset(data_name, limit=2000))
        plan = Plan(study_seed=0, rungs=1, reduction_factor=3)
        trial = TrialConfig.model_validate(config["trial"])
        pipeline = Pipeline(trial, data, plan, cache=None, device="cpu")
        while not pipeline.done:
            step = pipeline.step()
        tune.report({"accuracy": step.metrics["probe/accuracy"], "ended": time.time()})

    ray.init(address="local", num_cpus=cpus, include_dashboard=False, logging_level=logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as storage:
            results = tune.Tuner(
                tune.with_resources(train, {"cpu": cpus}),
                param_space={"trial": tune.grid_search(configs)},
                run_config=tune.RunConfig(storage_path=storage, verbose=0),
            ).fit()
        ends = sorted(result.metrics["ended"] for result in results if result.metrics)
    finally:
        ray.shutdown()
    return [after - before for before, after in pairwise(ends)]


if __name__ == "__main__":
    main()
