"""Samples per second of every kind's training steps, beside the compiled TopK step.

    python benchmarks/sae_kinds.py --widths 256 1024

Inputs of 128 numbers, batches of 1024, one thread. Of a longer and a shorter training the difference counts,
so that starts and calibrations drop out. Seconds are the processor's: a busy machine disturbs them less.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.results import machine, machine_line, progress, say, table, write_json
from trainables import registry
from trainables.sae_training.train import train_sae

INPUT_SIZE, BATCH, BASE = 128, 1024, "topk"
EPOCHS = 2


def main() -> None:
    """Train each kind at each width and print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--widths", type=int, nargs="+", default=[256, 1024])
    parser.add_argument("--batches", type=int, default=4, help="batches of an epoch")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median counts")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    torch.set_num_threads(1)
    facts = machine()
    kinds = sorted(registry.SAES, key=lambda kind: kind != BASE)
    rates: dict[tuple[str, int], float] = {}
    for kind in kinds:
        rate(kind, args.widths[0], 1)  # loads and compiles
    for width in args.widths:
        for kind in kinds:
            progress(f"{kind} {width}")
            rates[kind, width] = median(rate(kind, width, args.batches) for _ in range(args.rounds))
    head = ["kind"]
    for width in args.widths:
        head += [f"samples/s, f = {width:,}", "share of topk's"]
    rows: list[list[object]] = []
    for kind in kinds:
        row: list[object] = [kind]
        for width in args.widths:
            row += [rates[kind, width], rates[kind, width] / rates[BASE, width]]
        rows.append(row)
    say(table(head, rows))
    say(machine_line(facts))
    write_json(args.json, sys.argv, facts, rows)


def rate(kind: str, width: int, batches: int) -> float:
    """Samples per second of processor time."""
    model = registry.SAES[kind]
    config = model(**{"width": width, "batch_size": BATCH} | ({"k": 16} if "k" in model.model_fields else {}))
    y = torch.randn(batches * BATCH, INPUT_SIZE, generator=torch.Generator().manual_seed(0))
    taken = []
    for epochs in (1, 1 + EPOCHS):
        before = time.process_time()
        train_sae(config, y, epochs=epochs, seed=0, device="cpu")
        taken.append(time.process_time() - before)
    return EPOCHS * len(y) / max(1e-9, taken[1] - taken[0])


if __name__ == "__main__":
    main()
