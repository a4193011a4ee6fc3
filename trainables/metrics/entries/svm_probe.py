"""A linear SVM in the place of the logistic regression of `probe`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs


def _raw(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.probe import probe_accuracy, squared_hinge
    from trainables.metrics.scalar import scalar

    return {"accuracy": scalar(probe_accuracy(*inputs.activations.raw_fit(), loss=squared_hinge))}


RAW = Reference("SVM of h", _raw)


def accuracy(inputs: MetricInputs) -> Score:
    """Accuracy on val, in [0, 1], of the codes and of h."""
    from trainables.metrics.probe import probe_accuracy, squared_hinge

    raw = float(inputs.reference(RAW)["accuracy"])
    value = probe_accuracy(*inputs.measured.fit(), loss=squared_hinge)
    return Score(value, references={"probe/raw_svm_accuracy": raw})


METRICS = (
    Metric(
        "probe/svm_accuracy",
        "linear SVM on the codes, val accuracy",
        "max",
        accuracy,
        "final",
        unit="share",
        references={"probe/raw_svm_accuracy": "the same SVM on the hidden activations"},
        reads=(RAW,),
        needs=("labels",),
        proxy=True,
    ),
)
