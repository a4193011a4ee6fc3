"""What the images cost every further worker of a node: memory and seconds, on a real local Ray.

    SAE_SEARCH_DATA=DIR python benchmarks/node_data.py [--data NAME] [--actors N] [--json FILE]

Workers are the search's own (`trainables.workers.trial_actor.TrialActor`), given their images as the
search gives them, by `tune.with_parameters`. Started one after the other on one node, each says how long
its setup took, and what its process holds alone (private, dirty or clean) and shares (the object store).
Beside them workers that are given a handful of images of the same shape, which is what a worker costs without
data, and workers that keep a private copy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import ray
import torch
from ray import tune
from results import machine, say, table, write_json

from search.execution.ray_session import ray_session
from trainables.data.dataset import Dataset, Split, load_dataset
from trainables.pipeline.plan import Plan
from trainables.workers.trial_actor import TrialActor
from trainables.workers.trial_context import TrialContext

HEAD = ("images", "MB of images", "setup, s", "first setup, s", "private, MB", "in the store, MB")
FEW = 10


class Measured(TrialActor):
    """Says what its setup cost."""

    def setup(self, config: dict[str, Any], context: TrialContext, dataset: Dataset) -> None:  # type: ignore[override]
        """Take the images, and touch each of them as a trial does."""
        began = time.perf_counter()
        super().setup(config, context, dataset)
        if config["copies"]:
            train = self._data.train
            self._copy = (train.images.clone(), self._data.val.images.clone())
        self._took = time.perf_counter() - began
        self._sum = float(self._data.train.images.sum()) + float(self._data.val.images.sum())

    def cost(self) -> dict[str, float]:
        """Seconds of setup; bytes of this process alone."""
        memory = psutil.Process().memory_full_info()
        return {"setup": self._took, "private": memory.uss, "sum": self._sum}


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--data", default="mnist" if os.environ.get("SAE_SEARCH_DATA") else "digits")
    parser.add_argument("--actors", type=int, default=4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    facts = machine()
    whole = load_dataset(options.data)
    few = load_dataset(options.data, limit=FEW)
    rows = []
    with tempfile.TemporaryDirectory() as folder, ray_session("local", n_cpus=options.actors):
        for name, dataset, copies in (
            (f"{FEW} a split", few, False),
            ("all, shared", whole, False),
            ("all, each a copy of its own", whole, True),
        ):
            say(f"{name} ...")
            rows.append((name, *_costs(dataset, options.actors, Path(folder), copies=copies)))
    say("\n" + table(HEAD, rows))
    write_json(options.json, sys.argv, facts, [dict(zip(HEAD, row, strict=True)) for row in rows])


def _costs(dataset: Dataset, actors: int, folder: Path, *, copies: bool) -> tuple[float, ...]:
    context = TrialContext(
        trials_dir=str(folder),
        plan=Plan(study_seed=0, rungs=1, reduction_factor=3),
        cache_dir=None,
        cache_bytes=0,
        timeout_s=600,
        threads=1,
        gpus=0,
    )
    before = _store()
    given = ray.remote(tune.with_parameters(Measured, context=context, dataset=dataset))
    config = {"number": 0, "folder": "0000", "trial": {}, "copies": copies}
    workers, costs = [], []
    for _ in range(actors):
        workers.append(given.options(num_cpus=1).remote(config))
        costs.append(ray.get(workers[-1].cost.remote()))
    in_store = _store() - before
    for worker in workers:
        ray.kill(worker)
    further = costs[1:] or costs
    return (
        sum(map(_size, (dataset.train, dataset.val, dataset.test))) / 1e6,
        statistics.median(cost["setup"] for cost in further),
        costs[0]["setup"],
        statistics.median(cost["private"] for cost in further) / 1e6,
        in_store / 1e6,
    )


def _size(split: Split) -> int:
    return split.images.nbytes + split.labels.nbytes


def _store() -> float:
    """Bytes that objects take in the node's object store."""
    total, free = (
        r.get("object_store_memory", 0.0) for r in (ray.cluster_resources(), ray.available_resources())
    )
    return total - free


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
