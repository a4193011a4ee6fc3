"""The network itself, whatever its codes. The classifier's training reports both after every epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Need

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs


def accuracy(inputs: MetricInputs) -> float:
    """Accuracy of the logits on val, in [0, 1]."""
    from trainables.metrics.splice import accuracy

    return accuracy(inputs.once(_logits), inputs.measured.activations.val_labels)


def cross_entropy(inputs: MetricInputs) -> float:
    """Cross entropy of the logits on val, in nats."""
    from trainables.metrics.splice import cross_entropy

    return cross_entropy(inputs.once(_logits), inputs.measured.activations.val_labels)


def _logits(inputs: MetricInputs) -> Tensor:
    measured = inputs.measured
    return measured.model.head(measured.activations.val_h)


_NEEDS: tuple[Need, ...] = ("labels", "network")
METRICS = (
    Metric(
        "classifier/accuracy",
        "share of val images the network classifies right",
        "max",
        accuracy,
        "epoch",
        unit="share",
        needs=_NEEDS,
        standing="key",
        proxy=True,
    ),
    Metric(
        "classifier/ce",
        "cross entropy of the network on val, nats",
        "min",
        cross_entropy,
        "epoch",
        unit="nats",
        needs=_NEEDS,
        proxy=True,
    ),
)
