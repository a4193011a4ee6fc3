"""Non-dominated fronts of points that come one by one.

The first front is what no point dominates, the second what only points of the first dominate, and so on. A
new point pushes those of its front that it dominates into the next one, those push others, and the rest
stays where it is (efficient non-dominated level update, Li et al. 2017, IEEE Trans. Cybernetics 47). Work for
a point is that of the fronts it changes, not that of comparing all pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import le

Losses = tuple[float, ...]


def dominates(a: Losses, b: Losses) -> bool:
    """Whether losses `a` are nowhere worse than `b` and somewhere better."""
    return a != b and all(map(le, a, b))


class Fronts:
    """Points of equally many losses, smaller is better; equal points share a front."""

    def __init__(self) -> None:
        self._fronts: list[list[Losses]] = []

    def in_order(self) -> Iterator[list[Losses]]:
        """The fronts, best first."""
        return iter(self._fronts)

    def add(self, point: Losses) -> int:
        """Take a point in; how many points stand in fronts strictly better than its own."""
        rank = self._rank(point)
        self._push(rank, [point])
        return sum(map(len, self._fronts[:rank]))

    def _rank(self, point: Losses) -> int:
        """The first front without a point that dominates it; every front before that one has some."""
        low, high = 0, len(self._fronts)
        while low < high:
            middle = (low + high) // 2
            if any(dominates(other, point) for other in self._fronts[middle]):
                low = middle + 1
            else:
                high = middle
        return low

    def _push(self, rank: int, points: list[Losses]) -> None:
        while points:
            if rank == len(self._fronts):
                self._fronts.append([])
            front = self._fronts[rank]
            stay: list[Losses] = []
            leave: list[Losses] = []
            for other in front:
                (leave if any(dominates(point, other) for point in points) else stay).append(other)
            self._fronts[rank] = stay + points
            points, rank = leave, rank + 1
