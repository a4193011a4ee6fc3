"""Whether codes fall into groups: see `trainables.metrics.clusters`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.clusters import ClusterScores
    from trainables.metrics.inputs import MetricInputs, ReferenceInputs


def _raw(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.clusters import cluster_scores
    from trainables.metrics.scalar import scalar

    found = cluster_scores(*inputs.activations.raw_fit(), inputs.seed)
    return {name: scalar(value) for name, value in vars(found).items()}


RAW = Reference("clusters of h", _raw)


def _scores(inputs: MetricInputs) -> ClusterScores:
    from trainables.metrics.clusters import cluster_scores
    from trainables.model.decoder_rows import decoder_rows

    measured, a = inputs.measured, inputs.measured.activations
    weights = decoder_rows(measured.model, measured.val_z.shape[1], measured.val_z.device).norm(dim=1)
    codes, z = measured.row_codes * weights, measured.val_z * weights
    return cluster_scores(codes, a.row_labels, z, a.val_labels, a.n_classes, inputs.seed)


def one(name: str, inputs: MetricInputs) -> Score:
    """One score of the codes, and the same of h."""
    value = getattr(inputs.once(_scores), name)
    return Score(value, references={f"cluster/raw_{name}": float(inputs.reference(RAW)[name])})


_MEANINGS = {
    "ari": "adjusted Rand index of k-means clusters and classes",
    "silhouette": "silhouette of those clusters on val",
    "within_silhouette": "silhouette of 3 clusters inside each class",
}
METRICS = tuple(
    Metric(
        f"cluster/{name}",
        meaning,
        "max",
        partial(one, name),
        "final",
        references={f"cluster/raw_{name}": f"cluster/{name} of the hidden activations"},
        reads=(RAW,),
        needs=("labels",),
        standing="experimental" if name == "silhouette" else "plain",
        proxy=True,
    )
    for name, meaning in _MEANINGS.items()
)
