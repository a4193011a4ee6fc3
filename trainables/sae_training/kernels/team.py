"""A kernel's work, shared among threads.

The threads sleep between jobs. OpenMP's, which numba would use and torch does, keep spinning for
milliseconds after each job, and two libraries that spin on the same few cores take them from each other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import torch

# Waking a thread for a part of a job takes as long as the part, if it is smaller than this: about 0.1 ms.
SMALLEST_PART = 1 << 18
# What a value counts for that is handled by vector instructions, in order.
IN_ORDER = 1 / 4


def run(kernel: Callable[..., Any], size: int, work: float, *arguments: Any) -> None:
    """kernel(start, stop, *arguments) for ranges that make up range(size).

    As many threads as torch may use here take part, and fewer in a job of little `work`, which is about
    the number of values it reads here and there, or `IN_ORDER` of the number it reads one after the other.
    """
    parts = max(1, min(torch.get_num_threads(), size, int(work / SMALLEST_PART)))
    edges = [size * i // parts for i in range(parts + 1)]
    others = [_pool(os.getpid()).submit(kernel, edges[i], edges[i + 1], *arguments) for i in range(1, parts)]
    kernel(edges[0], edges[1], *arguments)
    for other in others:
        other.result()


@cache
def _pool(process: int) -> ThreadPoolExecutor:  # noqa: ARG001  # threads do not survive a fork
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="sae-kernel")
