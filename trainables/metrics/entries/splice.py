"""What the classifier loses when it runs on the reconstruction: see `trainables.metrics.splice`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Need

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs
    from trainables.metrics.splice import Splice


def spliced(inputs: MetricInputs) -> Splice:
    """The network run on the reconstruction, on val."""
    from trainables.metrics.splice import splice

    measured, a = inputs.measured, inputs.measured.activations
    return splice(measured.model.head, a.val_h, measured.val_h_hat, a.val_labels)


_NEEDS: tuple[Need, ...] = ("labels", "network")
METRICS = (
    Metric(
        "splice/accuracy_drop",
        "accuracy lost when the network runs on the reconstruction",
        "min",
        lambda inputs: inputs.once(spliced).accuracy_drop,
        unit="share",
        needs=_NEEDS,
        standing="key",
        proxy=True,
    ),
    Metric(
        "splice/ce_recovered",
        "cross entropy recovered from mean ablation; 1 = all",
        "max",
        lambda inputs: inputs.once(spliced).ce_recovered,
        unit="share",
        needs=_NEEDS,
        proxy=True,
    ),
)
