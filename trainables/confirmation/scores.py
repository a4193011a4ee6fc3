"""The full metric set of a finished pipeline and its controls on the test split.

`score` is the one place that says what a confirmation computes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.batches import in_batches
from trainables.confirmation.controls import Trained, build_control, twin
from trainables.data.dataset import ImageData
from trainables.metrics.evaluate_confirm import full_metrics
from trainables.metrics.references import References
from trainables.metrics.sae_statistics import alive_mask, firing_counts
from trainables.metrics.splice import accuracy, cross_entropy
from trainables.metrics.stability import pw_mcc
from trainables.model.decoder_rows import decoder_rows
from trainables.model.feature_model import FeatureModel
from trainables.model.interface import SupportsFeatures
from trainables.stages.runner import references

BATCH = 4096


def score(
    name: str, trained: Trained, data: ImageData, *, score_parts: tuple[str, ...], seed: int
) -> dict[str, float]:
    """All metrics of `name` of `scored.SCORED`, fitted on `data.train` and scored on `data.val`.

    For a confirmation `data` is `to_tensors(..., score_on="test")`, whose `val` is the test split. Only the
    pipeline has a stability, which takes a second SAE. Raises TrialDiverged, naming the metric, if one is
    not finite.
    """
    model = trained.model if name == "pipeline" else build_control(name, trained)
    # All but one of SCORED read the trial's own classifier, whose references take longer than its metrics.
    classifier = "untrained" if name == "untrained" else "trained"

    def referenced(which: str, compute: Callable[[], dict[str, Tensor]]) -> References:
        key = trained.key(f"{classifier} classifier, scored on {data.key}")
        return references(trained.stages, which, seed, key, compute)

    metrics = full_metrics(
        model,
        trained.untrained_network().hidden,
        data.train.images,
        data.train.labels,
        data.val.images,
        data.val.labels,
        score_parts=score_parts,
        seed=seed,
        classifier_metrics=classifier_metrics(model, data.val.images, data.val.labels),
        referenced=referenced,
    )
    return metrics | stability(trained, seed) if name == "pipeline" else metrics


@torch.no_grad()
def classifier_metrics(model: SupportsFeatures, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Accuracy and cross entropy (nats) of the network itself on images (n, h, w), labels (n,)."""
    logits = in_batches(lambda part: model.head(model.hidden(part)), images, BATCH)
    return {
        "classifier/accuracy": accuracy(logits, labels),
        "classifier/ce": cross_entropy(logits, labels),
    }


def stability(trained: Trained, seed: int) -> dict[str, float]:
    """How well the decoder rows of the SAE are found again by one that differs in its seed alone."""
    h = in_batches(trained.model.classifier.hidden, trained.images)
    own, other = (_alive_rows(model, h) for model in (trained.model, twin(trained)))
    found = pw_mcc(*own, *other, seed)
    return {
        "stability/pw_mcc": found.value,
        "stability/pw_mcc_null": found.null,
        "stability/pw_mcc_skill": found.skill,
    }


@torch.no_grad()
def _alive_rows(model: FeatureModel, h: Tensor) -> tuple[Tensor, Tensor]:
    """Decoder rows (f, d) in the raw activation space, and which latents fire on h (n, d): (f,)."""
    counts = sum(firing_counts(model.encode(part)[1]) for part in h.split(BATCH))
    assert isinstance(counts, Tensor)
    return decoder_rows(model, len(counts), h.device), alive_mask(counts)
