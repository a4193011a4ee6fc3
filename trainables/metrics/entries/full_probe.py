"""The probe at its best, fitted on all of train: see `trainables.metrics.probe_tuning`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs


def _raw(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.probe_tuning import full_rows, tuned_accuracy
    from trainables.metrics.scalar import scalar

    a = inputs.activations
    rows = full_rows(*a.train_h.shape).to(a.train_h.device)
    read = tuned_accuracy(a.train_h[rows], a.train_labels[rows], a.val_h, a.val_labels, a.n_classes)
    return {"accuracy": scalar(read)}


RAW = Reference("full probe of h", _raw)


def accuracy(inputs: MetricInputs) -> Score:
    """Accuracy on val, in [0, 1], of the codes and of h."""
    import torch

    from trainables.metrics.probe_tuning import full_rows, tuned_accuracy

    measured, a = inputs.measured, inputs.measured.activations
    rows = full_rows(len(a.train_labels), measured.val_z.shape[1]).to(a.train_labels.device)
    codes = torch.cat([measured.model.encode(part)[1] for part in a.train_h[rows].split(8192)])
    read = tuned_accuracy(codes, a.train_labels[rows], measured.val_z, a.val_labels, a.n_classes)
    raw = float(inputs.reference(RAW)["accuracy"])
    return Score(read, references={"probe/raw_accuracy_full": raw})


METRICS = (
    Metric(
        "probe/accuracy_full",
        "logistic regression on the codes, fitted on all of train with C chosen inside train",
        "max",
        accuracy,
        "confirm",
        unit="share",
        references={"probe/raw_accuracy_full": "the same on the hidden activations"},
        reads=(RAW,),
        needs=("labels",),
    ),
)
