"""Seconds of a gradient step of 1, 4, 16 and 64 SAEs of one shape: as one stack, and one after the other.

    python benchmarks/stacked_saes.py --device cuda --json stacked.json

"one by one" is the step that autograd and torch's Adam take of a single SAE (on a GPU without a recording),
times the number of SAEs; "compiled" is the CPU's own step where the kind has one, times the number as well.
A stack on a GPU plays back a recorded step, also a stack of one. Inputs are 128 numbers a sample, on the
device from the start; each figure is the median over `--rounds` passes of `--steps` steps, after one pass
that is not counted; the ways take turns, so that whatever else the machine does meets all of them alike. On
a busy machine without a GPU take `--clock processor`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from results import machine, say, table, write_json
from torch import Tensor

from trainables import registry
from trainables.config import KINDS
from trainables.sae_training.request import SaeRequest
from trainables.sae_training.stacked import StackedTraining
from trainables.sae_training.steps.choice import takes_compiled_steps
from trainables.sae_training.steps.plain import PlainStep
from trainables.sae_training.train import Training
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig

SIZE = 128
HEAD = (
    "kind",
    "SAEs",
    "stack, ms",
    "one by one, ms",
    "compiled, ms",
    "one by one / stack",
    "stack / stack of 1",
)


def main() -> None:
    """Time all kinds and print the table."""
    options = _options()
    facts = machine() | {"device": _name(options.device), "threads": torch.get_num_threads()}
    rows: list[list[object]] = []
    for kind in options.kinds:
        rows += measure(kind, options)
    say(f"{facts['device']}, {facts['processor']}, torch {torch.__version__}, {options.precision},")
    say(f"f = {options.width}, batches of {options.batch}, {options.clock} clock\n")
    say(table(HEAD, rows))
    write_json(options.json, sys.argv, facts, [dict(zip(HEAD, row, strict=True)) for row in rows])


def measure(kind: str, options: argparse.Namespace) -> list[list[object]]:
    """Rows of one kind, by the number of SAEs."""
    config = _config(kind, options)
    n = options.batch * options.steps
    y = torch.randn(n, SIZE, generator=torch.Generator().manual_seed(0)).to(options.device)
    passes = options.rounds + 1
    ways = {"one": _pass(_single(config, y, passes, plain=True))}
    if takes_compiled_steps(KINDS["sae"][kind](), options.device):
        ways["compiled"] = _pass(_single(config, y, passes, plain=False))
    for number in options.numbers:
        requests = [SaeRequest(config, y, passes, seed) for seed in range(number)]
        ways[str(number)] = StackedTraining(requests, options.device).train_epoch
    times = timed(ways, options)
    single, compiled = times["one"], times.get("compiled")
    first = times.get("1")
    rows: list[list[object]] = []
    for number in options.numbers:
        stack = times[str(number)]
        own = "" if compiled is None else number * compiled
        share = "" if first is None else stack / first
        rows.append([kind, number, stack, number * single, own, number * single / stack, share])
    return rows


def timed(ways: dict[str, Callable[[int], None]], options: argparse.Namespace) -> dict[str, float]:
    """Median milliseconds of a step, by way."""
    clock = time.process_time if options.clock == "processor" else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(options.rounds + 1):
        for name, run in ways.items():
            _wait(options.device)
            start = clock()
            run(number)
            _wait(options.device)
            if number > 0:
                times[name].append(1000 * (clock() - start) / options.steps)
    return {name: median(each) for name, each in times.items()}


def _single(config: SaeTrainingConfig, y: Tensor, passes: int, *, plain: bool) -> Training:
    sae: SparseAutoencoder = config.load_implementation()(config, SIZE).to(y.device)
    generator = torch.Generator().manual_seed(0)
    sae.begin_step(0.0)
    sae.initialise(y, generator)
    training = Training(config, sae, y * sae.scale, passes, generator)
    if plain:
        training.way = PlainStep(config, sae, training.optimiser)
    return training


def _pass(training: Training) -> Callable[[int], None]:
    def run(_number: int) -> None:
        training.train_epoch()

    return run


def _config(kind: str, options: argparse.Namespace) -> SaeTrainingConfig:
    fields = {"width": options.width, "batch_size": options.batch, "precision": options.precision, "k": 16}
    model = KINDS["sae"][kind]
    known = {name: value for name, value in fields.items() if name in model.model_fields}
    config: SaeTrainingConfig = model(**known)  # type: ignore[assignment]
    return config


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def _options() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--kinds", nargs="+", choices=list(registry.SAES), default=list(registry.SAES))
    parser.add_argument("--numbers", type=int, nargs="+", default=[1, 4, 16, 64], help="of SAEs in a stack")
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--steps", type=int, default=20, help="of a pass")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    return parser.parse_args()


if __name__ == "__main__":
    main()
