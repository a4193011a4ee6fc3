"""Samples per second of an SAE's training step: ours, a plain PyTorch loop, SAELens, dictionary_learning.

    make peers
    python benchmarks/sae_step.py --threads 2 --json step.json

Each library runs in a process of its own, with the same inputs (128 numbers a sample, batches of 1024,
k = 16), and only one at a time works: in every round each takes a few steps of each kind and width in turn,
so that whatever else the machine does meets all of them alike. A round also measures the rate of the
encoder's matrix product. The table gives medians over the rounds, and of the ratios within a round.

Kinds: l1 has about half of all codes active, as at the start of a training; l1_sparse has 16, where peers
compute what they would in l1. The dense bound is what 6 r f multiply-adds per sample take at the rate of the
product. Peers are left out, with a word, where their environment is not there.

On a busy machine take `--threads 1 --clock processor`: seconds then are those of the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
WORKERS = Path(__file__).parent / "step_workers"
PEERS = ROOT / ".venv-peers" / "bin" / "python"
SIZE = 128
KINDS = ("l1", "l1_sparse", "topk", "batch_topk")
OURS, BASE = "sae-search", "SAELens"
# Written out, so that the machine's facts need no library.
Rates = dict[tuple[str, int, str], list[float | None]]


@dataclass
class Worker:
    """A library's process."""

    process: subprocess.Popen[str]
    facts: dict[str, str]

    def ask(self, **request: Any) -> float | None:
        """The rate it answers with."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return _line(self.process)["rate"]


def main() -> None:
    """Run the rounds and print the table."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of each library")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=8, help="of each kind, width and library in a round")
    parser.add_argument("--widths", type=int, nargs="+", default=[1024, 4096])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--json", type=Path, help="also write every round's rates here")
    options = parser.parse_args()
    workers = start(options.threads)
    try:
        rates, products = measure(workers, options)
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.wait()
    facts = [worker.facts for worker in workers]
    report(facts, rates, products, options)
    if options.json is not None:
        write(options.json, facts, rates, products, options)


def start(threads: int) -> list[Worker]:
    """One process a library; ours first."""
    commands = [[sys.executable, "ours.py"], [sys.executable, "plain_torch.py"]]
    if PEERS.exists():
        commands += [[str(PEERS), "sae_lens_worker.py"], [str(PEERS), "dictionary_learning_worker.py"]]
    else:
        say(f"no {PEERS.relative_to(ROOT)}: without peers; `make peers` installs them\n")
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": paths}
    workers = []
    for python, script in commands:
        process = subprocess.Popen(
            [python, str(WORKERS / script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        workers.append(Worker(process, _line(process)))
    return workers


def measure(workers: list[Worker], options: argparse.Namespace) -> tuple[Rates, dict[int, list[float]]]:
    """Rates by kind, width and library, and of products by width: one a round."""
    rates: Rates = {}
    products: dict[int, list[float]] = {width: [] for width in options.widths}
    for number in range(options.rounds + 1):
        for width in options.widths:
            product = workers[0].ask(multiply=width, clock=options.clock) or 0.0
            if number > 0:
                products[width].append(product)
            for kind in options.kinds:
                for worker in workers:
                    request = {"kind": kind, "width": width, "steps": options.steps}
                    rate = worker.ask(clock=options.clock, **request)
                    if number > 0:  # the first round only warms up
                        rates.setdefault((kind, width, worker.facts["library"]), []).append(rate)
        progress(f"round {number} of {options.rounds}")
    progress("")
    return rates, products


def report(
    facts: list[dict[str, str]], rates: Rates, products: dict[int, list[float]], options: argparse.Namespace
) -> None:
    """The table in Markdown."""
    libraries = [each["library"] for each in facts]
    say(", ".join(f"{each['library']} {each['version']} (torch {each['torch']})" for each in facts))
    say(f"\n{processor()}, {options.threads} threads, {options.clock} clock, ")
    say(f"Python {platform.python_version()}, ")
    say(f"{options.rounds} rounds of {options.steps} steps; load {os.getloadavg()[0]:.1f} at the end\n\n")
    head = ["kind", "f", *libraries, *(f"ours / {library}" for library in libraries[1:]), "dense bound"]
    say("| " + " | ".join([*head, "ours / bound"]) + " |\n|---" + "|---:" * len(head) + "|\n")
    for width in options.widths:
        bounds = [product / (6 * SIZE * width) for product in products[width]]
        for kind in options.kinds:
            own = rates[kind, width, OURS]
            cells = [kind, f"{width:,}"]
            cells += [f"{_median(rates[kind, width, library]):,.0f}" for library in libraries]
            cells += [f"{_ratio(own, rates[kind, width, library]):.2f}" for library in libraries[1:]]
            cells += [f"{median(bounds):,.0f}", f"{_ratio(own, bounds):.2f}"]
            say("| " + " | ".join(cells) + " |\n")
    for width in options.widths:
        say(f"\nproduct at f = {width:,}: {2e-9 * median(products[width]):.0f} GFLOP/s")
    say("\n")


def write(
    path: Path,
    facts: list[dict[str, str]],
    rates: Rates,
    products: dict[int, list[float]],
    options: argparse.Namespace,
) -> None:
    """Every round's figures; whole or not at all."""
    values = {
        "libraries": facts,
        "machine": {"processor": processor(), "threads": options.threads, "clock": options.clock},
        "samples_per_second": [
            {"kind": kind, "width": width, "library": library, "rounds": each}
            for (kind, width, library), each in rates.items()
        ],
        "multiply_adds_per_second": {str(width): each for width, each in products.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(values, indent=1), encoding="utf-8")
    part.replace(path)


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def say(text: str) -> None:
    """Write to standard output."""
    sys.stdout.write(text)


def progress(text: str) -> None:
    """Show where we are, where somebody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:40}\r")


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{process.args} ended; run it by hand to see why")
    answer: dict[str, Any] = json.loads(line)
    return answer


def _median(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return median(known) if known else float("nan")


def _ratio(own: list[float | None], other: list[float | None] | list[float]) -> float:
    return _median([a / b if a and b else None for a, b in zip(own, other, strict=True)])


if __name__ == "__main__":
    main()
