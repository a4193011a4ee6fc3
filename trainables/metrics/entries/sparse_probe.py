"""How well 1, 2 and 5 latents tell one class from the rest: see `trainables.metrics.probe_sparse`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs

SIZES = (1, 2, 5)
# Over seeds of one pipeline these two spread as widely as over pipelines (docs/metrics.md).
_NOISY = (1, 5)


def _raw(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.probe_sparse import sparse_probe_accuracies
    from trainables.metrics.scalar import scalar

    found = sparse_probe_accuracies(*inputs.activations.raw_fit())
    return {f"k{k}": scalar(accuracy) for k, accuracy in found.items()}


RAW = Reference("sparse probe of h", _raw)


def _accuracies(inputs: MetricInputs) -> dict[int, float]:
    from trainables.metrics.probe_sparse import sparse_probe_accuracies

    return sparse_probe_accuracies(*inputs.measured.fit())


def accuracy(k: int, inputs: MetricInputs) -> Score:
    """Balanced accuracy on val by k latents, and by k hidden units."""
    raw = float(inputs.reference(RAW)[f"k{k}"])
    return Score(inputs.once(_accuracies)[k], references={f"probe/raw_k{k}": raw})


METRICS = tuple(
    Metric(
        f"probe/k{k}",
        f"one class from the rest by {k} latents, balanced accuracy, mean over classes; 1/2 = chance",
        "max",
        partial(accuracy, k),
        "final",
        unit="share",
        references={f"probe/raw_k{k}": f"the same by {k} hidden units"},
        reads=(RAW,),
        needs=("labels",),
        standing="experimental" if k in _NOISY else "plain",
        proxy=True,
    )
    for k in SIZES
)
