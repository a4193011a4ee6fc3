"""Nulls and references of the metrics at full budget; like `references`, they know no SAE."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.metrics import clusters, gini, probe, probe_sparse, selectivity_nulls, selectivity_statistics
from trainables.metrics.directions import direction_families
from trainables.metrics.measured import Activations
from trainables.metrics.references import scalar


@torch.no_grad()
def final_references(
    activations: Activations, untrained: Callable[[Tensor], Tensor], seed: int
) -> dict[str, Tensor]:
    """What the final metrics compare with; `seed` decides directions, starts and noise.

    untrained: images -> hidden activations of the same architecture before training.

    <statistic>_<family> (g,): density-matched curves of `selectivity_nulls`; embedding (m, e) of the fixed
    train rows; raw_* (): the probes and clusters of h; gini_untrained ().
    """
    a = activations
    rows = a.train_h[a.rows]
    embedding = selectivity_statistics.pixel_embedding(a.train_images[a.rows])
    tensors = {"embedding": embedding}
    for family, directions in direction_families(a.train_h, seed).items():
        curves = selectivity_nulls.matched_curves(rows, a.row_labels, a.n_classes, embedding, directions)
        tensors |= {f"{name}_{family}": curve for name, curve in curves.items()}
    fitted = (rows, a.row_labels, a.val_h, a.val_labels, a.n_classes)
    svm = probe.probe_accuracy(*fitted, loss=probe.squared_hinge)
    sparse = probe_sparse.sparse_probe_accuracies(*fitted)
    groups = clusters.cluster_scores(*fitted, seed)
    raw = {
        "raw_svm_accuracy": svm,
        "gini_untrained": gini.untrained_gini(untrained, a.val_images, seed),
        **{f"raw_k{k}": accuracy for k, accuracy in sparse.items()},
        **{f"raw_{name}": value for name, value in vars(groups).items()},
    }
    tensors |= {name: scalar(value) for name, value in raw.items()}
    return {name: tensor.cpu() for name, tensor in tensors.items()}
