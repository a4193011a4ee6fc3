"""Which points of one front come first where not all of them have a place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from search.ranking.fronts import Losses


def by_crowding(points: Sequence[Losses]) -> list[int]:
    """Indices, the loneliest first, the ends of each objective before all others.

    The crowding distance of NSGA-II (Deb et al. 2002): the sum over objectives of the gap between a point's
    neighbours, each gap a share of the objective's range.
    """
    distance = [0.0] * len(points)
    for objective in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda i: (points[i][objective], points[i]))
        extent = points[order[-1]][objective] - points[order[0]][objective]
        distance[order[0]] = distance[order[-1]] = math.inf
        for before, at, after in zip(order, order[1:], order[2:], strict=False):
            if extent > 0:
                distance[at] += (points[after][objective] - points[before][objective]) / extent
    return sorted(range(len(points)), key=lambda i: (-distance[i], points[i]))


def by_epsilon_net(points: Sequence[Losses]) -> list[int]:
    """Indices: the best in the first objective, then each time the point that is farthest from those before.

    The epsilon-net of Salinas et al. 2021 (arXiv 2106.12639), in objectives that all range over [0, 1].
    """
    if not points:
        return []
    lows = [min(column) for column in zip(*points, strict=True)]
    extents = [max(column) - low for column, low in zip(zip(*points, strict=True), lows, strict=True)]
    scaled = [
        tuple((x - low) / (extent or 1.0) for x, low, extent in zip(point, lows, extents, strict=True))
        for point in points
    ]
    first = min(range(len(points)), key=lambda i: points[i])
    found, nearest = [first], [math.dist(point, scaled[first]) for point in scaled]
    while len(found) < len(points):
        rest = set(range(len(points))) - set(found)
        farthest = min(rest, key=lambda i: (-nearest[i], points[i]))
        found.append(farthest)
        nearest = [min(d, math.dist(p, scaled[farthest])) for d, p in zip(nearest, scaled, strict=True)]
    return found


TIES: Mapping[str, Callable[[Sequence[Losses]], list[int]]] = {
    "crowding": by_crowding,
    "epsilon_net": by_epsilon_net,
}
