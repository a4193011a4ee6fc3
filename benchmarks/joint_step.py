"""Seconds of a step of the joint training (`loop.kind: joint`), and where they go.

    SAE_SEARCH_DATA=DIR python benchmarks/joint_step.py --steps 20
    SAE_SEARCH_DATA=DIR python benchmarks/joint_step.py --steps 5 --profile

The network and settings of `spaces/readable.yaml`, MNIST, losses on latents at full weight, network and
SAE at their first weights. One thread; seconds are the processor's: a busy machine disturbs them less.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.results import machine, machine_line, say, table, write_json
from trainables.bases.basis import Basis
from trainables.classifier.joint_trainer import JointTrainer
from trainables.config import TrialConfig
from trainables.data.dataset import load_dataset, to_tensors
from trainables.networks.initial import initial_network
from trainables.saes.batch_topk import BatchTopKSae
from trainables.seeds import child_seed, generator

RECIPE = {"solo": 1.0, "moves": 0.1, "far_ink": 1.0}


def main() -> None:
    """Time the steps and print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--steps", type=int, default=20, help="timed steps of each row")
    parser.add_argument("--images", type=int, default=5000, help="train images")
    parser.add_argument(
        "--profile", action="store_true", help="the operators of the full recipe, dearest first"
    )
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    torch.set_num_threads(1)
    facts = machine()
    if args.profile:
        profile(args.images, args.steps)
        return
    rows = [
        [name, *seconds(args.images, args.steps, weights)]
        for name, weights in (("no losses on latents", {}), ("recipe", RECIPE))
    ]
    say(table(["", "ms a step, median", "least"], rows))
    say(machine_line(facts))
    write_json(args.json, sys.argv, facts, rows)


def trainer_of(images: int, weights: dict[str, float]) -> JointTrainer:
    """A joint trainer of the readable recipe, past the ramp of its losses."""
    config = TrialConfig.model_validate(
        {
            "classifier": {
                "kind": "parts",
                "ink_threshold": 0.1,
                "shift": 0.04,
                "rotation": 8.0,
                "scale": 0.08,
            },
            "basis": {"kind": "raw"},
            "sae": {"kind": "batch_topk", "width": 256, "k": 8, "kmeans_start": True, "dead_window": 5000},
            "loop": {"kind": "joint", "epochs": 8, **weights},
        }
    )
    data = to_tensors(load_dataset("mnist", limit=images))
    network = initial_network(config.classifier, data, generator(child_seed(0, "weights")))
    with torch.no_grad():
        hidden = network.hidden(data.train.images[:2000])
    basis: Basis = config.basis.load_implementation().fit(hidden, config.basis, 0)
    sae: BatchTopKSae = config.sae.load_implementation()(config.sae, basis.rank)
    sae.initialise(basis.encode(hidden), generator(1))
    trainer = JointTrainer(config, data, 0, torch.device("cpu"), basis, sae, 8)
    trainer.epoch = 4
    return trainer


def seconds(images: int, steps: int, weights: dict[str, float]) -> list[float]:
    """Median and least milliseconds of processor time of a step."""
    trainer = trainer_of(images, weights)
    draws = torch.Generator().manual_seed(0)
    order = torch.randperm(images * 2 // 5, generator=draws).tensor_split(max(1, images * 2 // 5 // 256))
    trainer.network.train()
    taken = []
    for step in range(steps + 2):
        before = time.process_time()
        trainer._step(order[step % len(order)], step, draws)
        taken.append(1000 * (time.process_time() - before))
    return [median(taken[2:]), min(taken[2:])]


def profile(images: int, steps: int) -> None:
    """Operators by their own time."""
    trainer = trainer_of(images, RECIPE)
    draws = torch.Generator().manual_seed(0)
    rows = torch.arange(256)
    trainer._step(rows, 0, draws)
    with torch.profiler.profile() as found:
        for step in range(steps):
            trainer._step(rows, step, draws)
    say(found.key_averages().table(sort_by="self_cpu_time_total", row_limit=30, max_name_column_width=40))


if __name__ == "__main__":
    main()
