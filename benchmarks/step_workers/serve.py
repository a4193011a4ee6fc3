"""What every worker of sae_step.py shares: the inputs, and the talk over standard input and output.

Only torch may be imported here, since peers have an environment of their own.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

SIZE, BATCH, K, SAMPLES = 128, 1024, 16, 16_384
WARM_UP = 4
# Steps before the clock runs: a turn's first ones meet caches, and cores, as the library before left them.
SETTLING = 2

# Takes one gradient step on x (b, r).
TakeStep = Callable[[Tensor], None]
Clock = Callable[[], float]
CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "processor": time.process_time}


def inputs() -> Tensor:
    """x (n, r): 12 of 512 random directions each, so that |x|^2 = r on average."""
    generator = torch.Generator().manual_seed(0)
    directions = torch.nn.functional.normalize(torch.randn(512, SIZE, generator=generator), dim=1)
    active = torch.rand(SAMPLES, 512, generator=generator).argsort(1) < 12
    x = (active * torch.rand(SAMPLES, 512, generator=generator)) @ directions
    return x * (SIZE / x.square().sum(1).mean()).sqrt()


def serve(library: str, version: str, build: Callable[[str, int], TakeStep | None]) -> None:
    """Answer requests, a line of JSON each, until the input ends.

    {"kind", "width", "steps", "clock"} is answered by {"rate"}, samples per second over so many steps, each
    with its batch drawn; null where the library has no such kind. {"multiply": width, "clock"} is answered by
    {"rate"}, multiply-adds per second of the encoder's product.
    """
    x = inputs()
    generator = torch.Generator().manual_seed(1)
    steps: dict[tuple[str, int], TakeStep | None] = {}

    def run(take: TakeStep, times: int, clock: Clock) -> float:
        rows = torch.randperm(SAMPLES, generator=generator).split(BATCH)
        begin = 0.0
        for i in range(SETTLING + times):
            if i == SETTLING:
                begin = clock()
            take(x[rows[i % len(rows)]])
        return times * BATCH / (clock() - begin)

    _answer({"library": library, "version": version, "torch": torch.__version__})
    for line in sys.stdin:
        request = json.loads(line)
        clock = CLOCKS[request["clock"]]
        if "multiply" in request:
            _answer({"rate": multiply_rate(x[:BATCH], request["multiply"], clock)})
            continue
        name = (request["kind"], request["width"])
        if name not in steps:
            torch.manual_seed(0)
            steps[name] = build(*name)
            take = steps[name]
            if take is not None:
                run(take, WARM_UP, clock)
        take = steps[name]
        _answer({"rate": None if take is None else run(take, request["steps"], clock)})


def multiply_rate(x: Tensor, width: int, clock: Clock) -> float:
    """Multiply-adds per second of x (b, r) @ (r, width), the median of ten."""
    weights = torch.randn(x.shape[1], width)
    out = torch.empty(len(x), width)
    seconds = []
    for _ in range(10):
        begin = clock()
        torch.mm(x, weights, out=out)
        seconds.append(clock() - begin)
    return x.numel() * width / sorted(seconds)[5]


def _answer(values: Mapping[str, Any]) -> None:
    sys.__stdout__.write(json.dumps(values) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]
