"""The full metric set of a finished pipeline and its controls on the test split.

`score` is the one place that says what a confirmation computes.
"""

from __future__ import annotations

from torch import Tensor

from trainables.confirmation.controls import Trained, build_control, twin
from trainables.data.dataset import ImageData
from trainables.metrics.catalog import measured_at, registered
from trainables.metrics.evaluate import evaluate
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import measure
from trainables.metrics.metric import When
from trainables.stages.runner import references

TIMES: tuple[When, ...] = ("epoch", "rung", "final", "confirm")


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
    key = trained.key(f"{classifier} classifier, scored on {data.key}")
    untrained = trained.untrained_network().hidden
    measured = measure(model, data.train.images, data.train.labels, data.val.images, data.val.labels)
    read = ReferenceInputs(measured.activations, untrained, seed)
    known: dict[str, Tensor] = {}
    for when in TIMES:
        known |= references(trained.stages, measured_at(when), key, read)
    make_twin = (lambda: twin(trained)) if name == "pipeline" else None
    inputs = MetricInputs(measured, known, untrained, seed, score_parts, make_twin)
    return evaluate((metric for metric in registered() if metric.when in TIMES), inputs)
