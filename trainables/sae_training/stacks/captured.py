"""Steps recorded once as a CUDA graph and played back.

A step of a small SAE is about a hundred kernels, each shorter than it takes to launch; a graph launches them
together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

# Steps of each shape taken the usual way before one is recorded: libraries choose and load their kernels
# then. They are steps of the training, like all others.
WARM_UP = 3

Take = Callable[[Tensor], None]


@dataclass
class _Shape:
    """Of steps with equal shapes: where their rows lie, how many were taken, and the recording."""

    rows: Tensor
    taken: int = 0
    graph: torch.cuda.CUDAGraph | None = None


class Captured:
    """`take(rows)`, which changes tensors in place and reads nothing back, as a graph for each shape."""

    def __init__(self, take: Take, device: torch.device) -> None:
        self._take = take
        self._stream = torch.cuda.Stream(device)
        self._shapes: dict[Hashable, _Shape] = {}
        # Graphs are played one at a time and leave nothing behind in it, so they can share it.
        self._pool = torch.cuda.graph_pool_handle()

    @property
    def recordings(self) -> int:
        """How many graphs there are."""
        return sum(shape.graph is not None for shape in self._shapes.values())

    def __call__(self, rows: Tensor, shape: Hashable) -> None:
        """A step on rows; `shape` tells apart what their own shape does not."""
        key = (rows.shape, shape)
        if key not in self._shapes:
            self._shapes[key] = _Shape(torch.empty_like(rows, memory_format=torch.contiguous_format))
        found = self._shapes[key]
        found.rows.copy_(rows)
        if found.taken < WARM_UP:
            self._beside(found.rows)
        else:
            if found.graph is None:
                found.graph = self._record(found.rows)
            found.graph.replay()
        found.taken += 1

    def _beside(self, rows: Tensor) -> None:
        """Recording needs a stream of its own, and so does what warms up for it."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            self._take(rows)
        torch.cuda.current_stream().wait_stream(self._stream)

    def _record(self, rows: Tensor) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the device meanwhile, so only this one's calls are checked.
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"):
            self._take(rows)
        return graph
