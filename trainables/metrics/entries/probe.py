"""How well a linear reader predicts the class from the codes, beside the same reader of h."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs


def _raw(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.probe import probe_accuracy
    from trainables.metrics.scalar import scalar

    return {"accuracy": scalar(probe_accuracy(*inputs.activations.raw_fit()))}


RAW = Reference("probe of h", _raw)


def read(inputs: MetricInputs) -> float:
    """Accuracy on val, in [0, 1]."""
    from trainables.metrics.probe import probe_accuracy

    return probe_accuracy(*inputs.measured.fit())


def accuracy(inputs: MetricInputs) -> Score:
    """`read`, and the same of h."""
    raw = float(inputs.reference(RAW)["accuracy"])
    return Score(inputs.once(read), references={"probe/raw_accuracy": raw})


METRICS = (
    Metric(
        "probe/accuracy",
        "logistic regression on the codes, val accuracy",
        "max",
        accuracy,
        unit="share",
        references={"probe/raw_accuracy": "the same probe on the hidden activations"},
        reads=(RAW,),
        needs=("labels",),
        standing="key",
        proxy=True,
    ),
)
