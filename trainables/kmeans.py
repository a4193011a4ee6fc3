"""k-means, silhouettes and the adjusted Rand index, on whatever device the points are.

Lloyd's iterations from k-means++ starts (Arthur and Vassilvitskii 2007), the best of several. Own, because
a trial's numbers must follow from its seed alone, whatever the threads of a library's build.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

STARTS = 4
ITERATIONS = 50
SPHERICAL_POINTS = 16_384
SPHERICAL_ROUNDS = 15


@dataclass(frozen=True)
class Clustering:
    """Centres (k, d), the cluster of each point (n,), and the sum of squared distances to the centres."""

    centres: Tensor
    labels: Tensor
    inertia: float

    def assign(self, points: Tensor) -> Tensor:
        """Nearest centre of each point (m, d): (m,) int64."""
        return squared_distances(points, self.centres).argmin(dim=1)


def kmeans(
    points: Tensor, k: int, seed: int, *, starts: int = STARTS, rounds: int = ITERATIONS
) -> Clustering:
    """The best of `starts` clusterings of points (n, d) into at most k clusters; k <= n."""
    generator = torch.Generator().manual_seed(seed)
    first = torch.stack([_spread_out(points, k, generator) for _ in range(starts)])
    return min(_lloyd(points, first, rounds), key=lambda found: found.inertia)


def silhouette(points: Tensor, labels: Tensor) -> float:
    """Mean of (b - a) / max(a, b), a and b the mean distances to the own and to the nearest other cluster.

    Rousseeuw 1987; in [-1, 1]; a point alone in its cluster counts 0, and so does everything if there are
    fewer than two clusters. points (n, d), labels (n,); memory n^2.
    """
    present, own = torch.unique(labels, return_inverse=True)
    if len(present) < 2:
        return 0.0
    member = F.one_hot(own, len(present)).double()
    size = member.sum(dim=0)
    sums = squared_distances(points, points).double().sqrt().fill_diagonal_(0) @ member
    inner = sums.gather(1, own[:, None])[:, 0] / (size[own] - 1).clamp(min=1)
    outer = (sums / size).masked_fill(member.bool(), float("inf")).amin(dim=1)
    width = (outer - inner) / torch.maximum(inner, outer).clamp(min=1e-30)
    return float(torch.where(size[own] > 1, width, 0.0).mean())


def adjusted_rand(first: Tensor, second: Tensor) -> float:
    """Agreement of two labelings (n,), 0 = chance, 1 = the same partition (Hubert and Arabie 1985)."""
    table = torch.zeros(int(first.max()) + 1, int(second.max()) + 1, dtype=torch.float64)
    table.index_put_(
        (first.cpu(), second.cpu()), torch.ones(len(first), dtype=torch.float64), accumulate=True
    )
    pairs = (table * (table - 1) / 2).sum()
    rows, columns = ((sums * (sums - 1) / 2).sum() for sums in (table.sum(dim=1), table.sum(dim=0)))
    expected = rows * columns / max(len(first) * (len(first) - 1) / 2, 1)
    most = (rows + columns) / 2
    return float((pairs - expected) / (most - expected)) if float(most) != float(expected) else 1.0


def spherical_kmeans(points: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """Unit centres (k, d) of the directions of points (n, d), n >= k, none of which is 0.

    Each round gives a point to the centre of largest cosine and turns a centre towards the sum of its unit
    points (Dhillon & Modha 2001); k-means++ start; a centre that loses all its points stays where it was.
    At most `SPHERICAL_POINTS` points are looked at; generator: CPU.
    """
    chosen = torch.randperm(len(points), generator=generator)[: max(k, SPHERICAL_POINTS)]
    unit = F.normalize(points[chosen.to(points.device)], dim=1)
    centres = F.normalize(_spread_out(unit, k, generator), dim=1)
    for _ in range(SPHERICAL_ROUNDS):
        nearest = (unit @ centres.T).argmax(dim=1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, unit)
        length = sums.norm(dim=1, keepdim=True)
        centres = torch.where(length > 0, sums / length.clamp(min=1e-12), centres)
    return centres


def squared_distances(points: Tensor, others: Tensor) -> Tensor:
    """|p - q|^2 of points (n, d) and others (m, d): (n, m) >= 0."""
    squares = points.square().sum(dim=1)[:, None] + others.square().sum(dim=1)
    return (squares - 2 * points @ others.T).clamp(min=0)


def _spread_out(points: Tensor, k: int, generator: torch.Generator) -> Tensor:
    """k-means++: each further centre is drawn with a chance proportional to its squared distance."""
    first = int(torch.randint(len(points), (1,), generator=generator))
    centres = [points[first]]
    nearest = squared_distances(points, centres[0][None])[:, 0]
    for _ in range(k - 1):
        cumulative = nearest.double().cpu().cumsum(dim=0)
        at = torch.rand(1, generator=generator, dtype=torch.float64) * cumulative[-1]
        centres.append(points[int(torch.searchsorted(cumulative, at).clamp(max=len(points) - 1))])
        nearest = torch.minimum(nearest, squared_distances(points, centres[-1][None])[:, 0])
    return torch.stack(centres)


def _lloyd(points: Tensor, centres: Tensor, rounds: int) -> list[Clustering]:
    """Where each of the starts (s, k, d) ends; they go in step, so that one product serves all."""
    n_starts, k, _ = centres.shape
    labels, places = _nearest(points, centres), torch.arange(k, device=points.device)
    for _ in range(rounds):
        member = (labels[:, :, None] == places).to(points)
        size = member.sum(dim=0)[:, :, None]
        means = (member.flatten(1).T @ points).unflatten(0, (n_starts, k)) / size.clamp(min=1)
        # A centre that lost all its points stays where it was.
        centres = torch.where(size > 0, means, centres)
        moved = _nearest(points, centres)
        # A start that has arrived only repeats itself until the last one has.
        if torch.equal(moved, labels):
            break
        labels = moved
    return [
        Clustering(own, mine, float((points - own[mine]).double().square().sum()))
        for own, mine in zip(centres, labels.T, strict=True)
    ]


def _nearest(points: Tensor, centres: Tensor) -> Tensor:
    """Which of each start's centres (s, k, d) is nearest to points (n, d): (n, s)."""
    distances = squared_distances(points, centres.flatten(0, 1))
    return distances.unflatten(1, centres.shape[:2]).argmin(dim=2)
