"""Finding clusters of codes, as the trial's own cluster metrics define them.

Codes are weighted by the lengths of decoder rows, z_j |d_j|. k-means is fitted on train rows and every image
of the split goes to its nearest centre. Over all classes there are as many clusters as classes; inside a
class there are 3, taken from the trial's `mean_codes` where it left some: those are the targets that a
later training would use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.code_clusters.cluster import (
    N_EXAMPLES,
    N_LATENTS,
    NULL_DRAWS,
    ClassSplit,
    Cluster,
    CodeClusters,
    LatentShift,
)
from analysis.features.observed import Observed
from trainables import kmeans
from trainables.metrics.clusters import MOST_TRAIN, MOST_VAL, WITHIN
from trainables.seeds import generator


@dataclass(frozen=True)
class _Points:
    """Images with weighted codes (n, f) and labels (n,)."""

    observed: Observed
    codes: Tensor
    labels: Tensor


@torch.no_grad()
def find_clusters(
    train: Observed,
    seen: Observed,
    *,
    split: str,
    n_classes: int,
    stored_means: Tensor | None = None,
    seed: int = 0,
) -> CodeClusters:
    """Clusters fitted on `train` (a few thousand images), shown on `seen`.

    stored_means (c, 3, f): mean codes of clusters inside classes; NaN rows where there is no cluster.
    Memory n^2 for at most 3,000 images.
    """
    fitted = _Points(train, _weighted(train), train.labels)
    shown = _Points(seen, _weighted(seen), seen.labels)
    centres = kmeans.kmeans(fitted.codes[:MOST_TRAIN], min(n_classes, len(fitted.codes)), seed).centres
    nearest = kmeans.squared_distances(shown.codes, centres).argmin(dim=1)
    everything = torch.arange(len(shown.codes), device=nearest.device)
    clusters = [
        _cluster(shown, centre, everything[nearest == i], everything[nearest != i], n_classes)
        for i, centre in enumerate(centres)
        if bool((nearest == i).any())
    ]
    return CodeClusters(
        split=split,
        n_images=len(shown.codes),
        n_classes=n_classes,
        ari=kmeans.adjusted_rand(nearest, shown.labels),
        silhouette=kmeans.silhouette(shown.codes[:MOST_VAL], nearest[:MOST_VAL]),
        clusters=tuple(sorted(clusters, key=lambda c: (c.top_class, -c.size))),
        classes=tuple(
            found
            for label in range(n_classes)
            if (found := _class_split(fitted, shown, label, n_classes, stored_means, seed)) is not None
        ),
        stored=stored_means is not None,
    )


def _weighted(observed: Observed) -> Tensor:
    lengths = observed.decoder.norm(dim=1)
    return torch.cat([z for _, z in observed.encoded()]) * lengths


def _class_split(
    fitted: _Points, shown: _Points, label: int, n_classes: int, stored_means: Tensor | None, seed: int
) -> ClassSplit | None:
    """None where the split has fewer than two images of the class, or train too few to cut."""
    own = fitted.codes[fitted.labels == label][:MOST_TRAIN]
    rows = torch.nonzero(shown.labels == label)[:, 0]
    if len(own) < WITHIN or len(rows) < 2:
        return None
    if stored_means is None:
        centres = kmeans.kmeans(own, WITHIN, seed).centres
    else:
        means = stored_means[label].to(own)
        centres = means[means.isfinite().all(dim=1)] * shown.observed.decoder.norm(dim=1)
        if not len(centres):
            return None
    codes = shown.codes[rows]
    nearest = kmeans.squared_distances(codes, centres).argmin(dim=1)
    clusters = [
        _cluster(shown, centre, rows[nearest == i], rows[nearest != i], n_classes)
        for i, centre in enumerate(centres)
        if bool((nearest == i).any())
    ]
    by_chance = _silhouettes_by_chance(own, codes[:MOST_VAL], seed)
    return ClassSplit(
        label=label,
        size=len(rows),
        silhouette=kmeans.silhouette(codes[:MOST_VAL], nearest[:MOST_VAL]),
        chance=sum(by_chance) / len(by_chance),
        chance_highest=max(by_chance),
        distance_share=_distance_share(codes, nearest),
        clusters=tuple(sorted(clusters, key=lambda c: -c.size)),
    )


def _cluster(points: _Points, centre: Tensor, rows: Tensor, rest: Tensor, n_classes: int) -> Cluster:
    """The cluster of the images at `rows`, held against those at `rest`."""
    observed = points.observed
    distances = (points.codes[rows] - centre).norm(dim=1)
    closest = distances.argsort(stable=True)[:N_EXAMPLES]
    return Cluster(
        size=len(rows),
        composition=torch.bincount(points.labels[rows], minlength=n_classes).cpu().numpy(),
        mean_image=observed.images[rows].mean(dim=0).cpu().numpy(),
        mean_code=_shifts(points.codes[rows], points.codes[rest]),
        examples=observed.examples(
            rows[closest].cpu().numpy(), distances[closest].cpu().numpy().astype(np.float32)
        ),
    )


def _shifts(inside: Tensor, outside: Tensor) -> tuple[LatentShift, ...]:
    """The latents that write most beyond what they write outside; weighted codes (m, f) and (k, f)."""
    if not len(outside):
        outside = torch.zeros_like(inside[:1])
    means, elsewhere = inside.mean(dim=0), outside.mean(dim=0)
    fires, fires_elsewhere = ((codes > 0).float().mean(dim=0) for codes in (inside, outside))
    best = (means - elsewhere).argsort(descending=True, stable=True)[:N_LATENTS]
    return tuple(
        LatentShift(j, float(means[j]), float(elsewhere[j]), float(fires[j]), float(fires_elsewhere[j]))
        for j in best.tolist()
        if means[j] > elsewhere[j]
    )


def _silhouettes_by_chance(train: Tensor, codes: Tensor, seed: int) -> list[float]:
    """NULL_DRAWS silhouettes where every latent's codes are dealt out anew, each latent by itself."""
    random = generator(seed)
    found = []
    for _ in range(NULL_DRAWS):
        one, other = _dealt(train, random), _dealt(codes, random)
        found.append(kmeans.silhouette(other, kmeans.kmeans(one, WITHIN, seed).assign(other)))
    return found


def _dealt(codes: Tensor, random: torch.Generator) -> Tensor:
    order = torch.rand(codes.shape, generator=random).argsort(dim=0).to(codes.device)
    return codes.gather(0, order)


def _distance_share(codes: Tensor, nearest: Tensor) -> float:
    """1 - (sum of squares inside the clusters) / (sum of squares about the class' mean)."""
    total = float((codes - codes.mean(dim=0)).double().square().sum())
    inside = sum(
        float((codes[nearest == i] - codes[nearest == i].mean(dim=0)).double().square().sum())
        for i in nearest.unique().tolist()
    )
    return 1 - inside / total if total > 0 else 0.0
