"""The full metric set of a finished pipeline and its controls on the test split.

`score` is the one place that says which metrics a confirmation computes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.controls import Trained, build_control
from trainables.dataset import ImageData
from trainables.metrics.evaluate import rung_metrics
from trainables.metrics.measured import SupportsFeatures
from trainables.metrics.splice import accuracy, cross_entropy


def score(
    name: str, trained: Trained, data: ImageData, *, score_parts: tuple[str, ...], seed: int
) -> dict[str, float]:
    """All metrics of `name` of `scored.SCORED`, fitted on `data.train` and scored on `data.val`.

    For a confirmation `data` is `to_tensors(..., score_on="test")`, whose `val` is the test split.
    Raises TrialDiverged, naming the metric, if one is not finite.
    """
    model = trained.model if name == "pipeline" else build_control(name, trained)
    untrained = trained.untrained_network()
    return rung_metrics(
        model,
        untrained.hidden,
        data.train.images,
        data.train.labels,
        data.val.images,
        data.val.labels,
        score_parts=score_parts,
        seed=seed,
        classifier_metrics=classifier_metrics(model, data.val.images, data.val.labels),
    )


@torch.no_grad()
def classifier_metrics(model: SupportsFeatures, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Accuracy and cross entropy (nats) of the network itself on images (n, h, w), labels (n,)."""
    logits = torch.cat([model.head(model.hidden(part)) for part in images.split(4096)])
    return {
        "classifier/accuracy": accuracy(logits, labels),
        "classifier/ce": cross_entropy(logits, labels),
    }
