"""The whole metric set of one model, for the one scoring of a finished configuration on the test split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from trainables.batches import in_batches
from trainables.metrics import attribution_scores as attribution
from trainables.metrics import inversion_scores as inversion
from trainables.metrics import probe_tuning
from trainables.metrics.evaluate import finite, measured_rung_metrics
from trainables.metrics.evaluate_final import final_metrics
from trainables.metrics.measured import Measured, measure
from trainables.metrics.references import References, rung_references
from trainables.metrics.references_final import final_references
from trainables.model.interface import SupportsFeatures

Referenced = Callable[[str, Callable[[], dict[str, Tensor]]], References]
"""(which, how to compute them) -> the references, perhaps from an earlier time."""


def computed(_which: str, compute: Callable[[], dict[str, Tensor]]) -> References:
    """References computed anew."""
    return compute()


def full_metrics(
    model: SupportsFeatures,
    untrained: Callable[[Tensor], Tensor],
    train_images: Tensor,
    train_labels: Tensor,
    scored_images: Tensor,
    scored_labels: Tensor,
    *,
    score_parts: Sequence[str],
    seed: int,
    classifier_metrics: Mapping[str, float],
    referenced: Referenced = computed,
) -> dict[str, float]:
    """Rung, final and confirmation metrics together; arguments and errors as `evaluate.rung_metrics`.

    Fitting reads train alone. Stability needs a second SAE and is `stability.pw_mcc`'s. `referenced` may
    keep the references ("rung" and "final") for other models over the same classifier.
    """
    measured = measure(model, train_images, train_labels, scored_images, scored_labels)
    activations = measured.activations
    rung = referenced("rung", lambda: rung_references(activations, untrained, seed))
    final = referenced("final", lambda: final_references(activations, untrained, seed))
    return {
        **finite(classifier_metrics),
        **measured_rung_metrics(measured, rung, score_parts, seed),
        **final_metrics(measured, final, seed),
        **confirm_metrics(measured, untrained, seed),
    }


@torch.no_grad()
def confirm_metrics(measured: Measured, untrained: Callable[[Tensor], Tensor], seed: int) -> dict[str, float]:
    """The metrics of one model that only a confirmation computes, as finite floats."""
    a = measured.activations
    rows = probe_tuning.full_rows(len(a.train_labels), measured.val_z.shape[1]).to(a.train_labels.device)
    labels = a.train_labels[rows]
    codes = in_batches(lambda h: measured.model.encode(h)[1], a.train_h[rows])
    read = probe_tuning.tuned_accuracy(codes, labels, measured.val_z, a.val_labels, a.n_classes)
    raw = probe_tuning.tuned_accuracy(a.train_h[rows], labels, a.val_h, a.val_labels, a.n_classes)
    return finite(
        {
            "probe/accuracy_full": read,
            "probe/raw_accuracy_full": raw,
            **attribution.confirm_scores(measured, untrained, seed),
            **inversion.inversion_metrics(measured, seed),
        }
    )
