"""Whether codes fall into groups: the classes, and kinds of one digit inside a class.

Codes are weighted by the length of their decoder rows, z_j |d_j|, so that a latent's scale does not matter.
k-means is fitted on train rows and judged on val:
    ari                with one cluster a class, adjusted Rand index against the classes; null 0
    silhouette         of those clusters, in [-1, 1]
    within_silhouette  of 3 clusters inside each class, mean over classes
The same on h is the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables import kmeans
from trainables.metrics.measured import Measured
from trainables.model.decoder_rows import decoder_rows

WITHIN = 3
MOST_TRAIN = 4000
MOST_VAL = 3000


@dataclass(frozen=True)
class ClusterScores:
    """See the module's text; 0 where there is nothing to cluster, such as codes that never fire."""

    ari: float
    silhouette: float
    within_silhouette: float


@dataclass(frozen=True)
class MeanCodes:
    """Means over train rows for later use as targets; 0 where `*_sizes` says that there was no image.

    classes (c, f), class_sizes (c,), clusters (c, 3, f), cluster_sizes (c, 3).
    """

    classes: Tensor
    class_sizes: Tensor
    clusters: Tensor
    cluster_sizes: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """The tensors by name, as a file holds them."""
        return dict(vars(self))


def cluster_scores(
    train: Tensor, train_labels: Tensor, val: Tensor, val_labels: Tensor, n_classes: int, seed: int
) -> ClusterScores:
    """Scores of codes or activations, train (n, f) and val (v, f), at most 4,000 and 3,000 rows of them."""
    train, train_labels = train[:MOST_TRAIN], train_labels[:MOST_TRAIN]
    val, val_labels = val[:MOST_VAL], val_labels[:MOST_VAL]
    if len(train) < n_classes:
        return ClusterScores(0.0, 0.0, 0.0)
    found = kmeans.kmeans(train, n_classes, seed).assign(val)
    within = []
    for label in range(n_classes):
        own, seen = train[train_labels == label], val[val_labels == label]
        if len(own) >= WITHIN and len(seen) > 1:
            within.append(kmeans.silhouette(seen, kmeans.kmeans(own, WITHIN, seed).assign(seen)))
    return ClusterScores(
        kmeans.adjusted_rand(found, val_labels),
        kmeans.silhouette(val, found),
        sum(within) / len(within) if within else 0.0,
    )


def measured_mean_codes(measured: Measured, seed: int) -> dict[str, Tensor]:
    """Mean codes per class, and per cluster inside each class, of the fixed train rows, by name."""
    a, codes = measured.activations, measured.row_codes
    rows = decoder_rows(measured.model, codes.shape[1], codes.device)
    return mean_codes(codes, rows.norm(dim=1), a.row_labels, a.n_classes, seed).tensors()


def mean_codes(codes: Tensor, weights: Tensor, labels: Tensor, n_classes: int, seed: int) -> MeanCodes:
    """Means of codes (n, f), clusters found with latents weighted by `weights` (f,), as in the scores."""
    f = codes.shape[1]
    classes, class_sizes = codes.new_zeros(n_classes, f), torch.zeros(n_classes, dtype=torch.int64)
    clusters = codes.new_zeros(n_classes, WITHIN, f)
    cluster_sizes = torch.zeros(n_classes, WITHIN, dtype=torch.int64)
    for label in range(n_classes):
        own = codes[labels == label]
        class_sizes[label] = len(own)
        if not len(own):
            continue
        classes[label] = own.mean(dim=0)
        if len(own) < WITHIN:
            clusters[label, 0], cluster_sizes[label, 0] = own.mean(dim=0), len(own)
            continue
        weighted = own * weights
        found = kmeans.kmeans(weighted[:MOST_TRAIN], WITHIN, seed).assign(weighted)
        for cluster in range(WITHIN):
            members = own[found == cluster]
            cluster_sizes[label, cluster] = len(members)
            if len(members):
                clusters[label, cluster] = members.mean(dim=0)
    return MeanCodes(classes, class_sizes, clusters, cluster_sizes)
