"""k-means, as far as cluster targets need it."""

from __future__ import annotations

import torch
from torch import Tensor

ITERATIONS = 50


def nearest_centre(codes: Tensor, n_clusters: int, generator: torch.Generator) -> Tensor:
    """Cluster (n,) in 0 .. n_clusters - 1 of each of codes (n, f): Lloyd's algorithm, k-means++ start.

    generator: CPU. At most `ITERATIONS` rounds; a cluster that loses all its members keeps its centre.
    """
    centres = _first_centres(codes, n_clusters, generator)
    clusters = _nearest(codes, centres)
    for _ in range(ITERATIONS):
        members = torch.nn.functional.one_hot(clusters, n_clusters).to(codes.dtype)
        sizes = members.sum(0).unsqueeze(1)
        centres = torch.where(sizes > 0, members.T @ codes / sizes.clamp(min=1), centres)
        moved = _nearest(codes, centres)
        if torch.equal(moved, clusters):
            break
        clusters = moved
    return clusters


def _first_centres(codes: Tensor, n_clusters: int, generator: torch.Generator) -> Tensor:
    """Each next centre is a code drawn with its squared distance to the nearest so far (Arthur 2007)."""
    first = int(torch.randint(len(codes), (1,), generator=generator))
    chosen = [first]
    distances = (codes - codes[first]).square().sum(1)
    while len(chosen) < n_clusters:
        cumulative = distances.double().cumsum(0)
        draw = torch.rand((), generator=generator, dtype=torch.float64).to(codes.device) * cumulative[-1]
        chosen.append(min(int(torch.searchsorted(cumulative, draw)), len(codes) - 1))
        distances = distances.minimum((codes - codes[chosen[-1]]).square().sum(1))
    return codes[chosen]


def _nearest(codes: Tensor, centres: Tensor) -> Tensor:
    """argmin_c |z - c|^2, without the (n, c, f) differences."""
    return (centres.square().sum(1) - 2 * codes @ centres.T).argmin(1)
