"""The metrics of a trial that has had its full budget: those too slow, or too seldom asked for, at rungs."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.metrics import attribution_scores as attribution
from trainables.metrics import clusters, probe, probe_sparse, redundancy, selectivity_nulls
from trainables.metrics import selectivity_statistics as selectivity
from trainables.metrics.evaluate import finite
from trainables.metrics.measured import Measured
from trainables.metrics.references import References
from trainables.metrics.selectivity import FEWEST
from trainables.model.decoder_rows import decoder_rows


@torch.no_grad()
def final_metrics(measured: Measured, references: References, seed: int) -> dict[str, float]:
    """Every metric whose time in `metric_table` is "final", as finite floats.

    references: of `final_references`, for the same activations and seed. TrialDiverged names a metric that
    is not finite.
    """
    a, z = measured.activations, measured.val_z
    rows = decoder_rows(measured.model, z.shape[1], z.device)
    alike = redundancy.redundancy(rows, measured.alive)
    fitted = (measured.row_codes, a.row_labels, z, a.val_labels, a.n_classes)
    sparse = probe_sparse.sparse_probe_accuracies(*fitted)
    weights = rows.norm(dim=1)
    groups = clusters.cluster_scores(
        measured.row_codes * weights, a.row_labels, z * weights, a.val_labels, a.n_classes, seed
    )
    return finite(
        {
            "probe/svm_accuracy": probe.probe_accuracy(*fitted, loss=probe.squared_hinge),
            "probe/raw_svm_accuracy": float(references["raw_svm_accuracy"]),
            **{f"probe/k{k}": accuracy for k, accuracy in sparse.items()},
            **{f"probe/raw_k{k}": float(references[f"raw_k{k}"]) for k in sparse},
            "sae/decoder_redundancy": alike.value,
            "sae/decoder_redundancy_null": alike.null,
            "sae/decoder_redundancy_skill": alike.skill,
            **_selectivity(measured, references),
            **attribution.final_scores(measured, float(references["gini_untrained"]), seed),
            **{f"cluster/{name}": value for name, value in vars(groups).items()},
            **{f"cluster/raw_{name}": float(references[f"raw_{name}"]) for name in vars(groups)},
        }
    )


@torch.no_grad()
def mean_codes(measured: Measured, seed: int) -> dict[str, Tensor]:
    """Mean codes per class, and per cluster inside each class, of the fixed train rows: see `MeanCodes`."""
    a = measured.activations
    rows = decoder_rows(measured.model, measured.row_codes.shape[1], measured.row_codes.device)
    return clusters.mean_codes(
        measured.row_codes, rows.norm(dim=1), a.row_labels, a.n_classes, seed
    ).tensors()


def _selectivity(measured: Measured, references: References) -> dict[str, float]:
    a, codes = measured.activations, measured.row_codes
    found = selectivity.statistics(codes, a.row_labels, a.n_classes, references["embedding"].to(codes))
    counts, n = (codes > 0).sum(dim=0), len(codes)
    metrics: dict[str, float] = {}
    for name in selectivity.STATISTICS:
        against = selectivity_nulls.matched(found[name], counts, references[f"{name}_random"], n)
        judged = counts[counts >= FEWEST]
        metrics |= {
            f"selectivity/{name}": against.value,
            f"selectivity/{name}_null": against.null,
            f"selectivity/{name}_skill": against.skill,
        }
        for family in ("pca", "neurons"):
            curve = references[f"{name}_{family}"]
            metrics[f"selectivity/{name}_{family}"] = selectivity_nulls.mean_at(curve, n, judged)
    return metrics
