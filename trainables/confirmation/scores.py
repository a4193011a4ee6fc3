"""What is measured on the test split: the full set of a finished pipeline, a smaller one of the panel.

`score` is the one place that says what a confirmation computes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import torch
from torch import Tensor

from trainables.confirmation.rungs import PANEL
from trainables.confirmation.trained import Trained, twin, twin_task
from trainables.data.dataset import ImageData
from trainables.metrics.catalog import measured_at
from trainables.metrics.evaluate import evaluate
from trainables.metrics.inputs import MetricInputs, ReferenceInputs
from trainables.metrics.measured import measure
from trainables.metrics.metric import Metric, Need, When
from trainables.stages.fitting import SaeTask
from trainables.stages.runner import references, shared

TIMES: tuple[When, ...] = ("epoch", "rung", "final", "confirm")
NEEDS: tuple[Need, ...] = ("labels", "images", "network", "twin")
CARD = ("latents/supported", "latents/supported_share")


def metrics_of(
    name: str, asked: Collection[str], besides: Collection[str] = ()
) -> dict[When, tuple[Metric, ...]]:
    """When they first exist -> what is measured of a member of SCORED: of the pipeline everything, of the
    panel what every rung has, the whole card, and what the study asks about. besides: from elsewhere."""

    def wanted(metric: Metric) -> bool:
        if name == "pipeline" or metric.when in ("epoch", "rung") or metric.name in CARD:
            return True
        return not set(metric.columns()).isdisjoint(asked)

    measured = {when: measured_at(when, given=NEEDS, besides=besides) for when in TIMES}
    return {when: tuple(filter(wanted, metrics)) for when, metrics in measured.items()}


def score(
    name: str,
    trained: Trained,
    data: ImageData,
    *,
    seed: int,
    asked: Collection[str] = (),
    metrics: tuple[str, ...] = (),
) -> dict[str, float]:
    """The metrics of `name` of `rungs.SCORED`, fitted on `data.train` and scored on `data.val`.

    For a confirmation `data` is `to_tensors(..., score_on="test")`, whose `val` is the test split. Only the
    pipeline has a stability, which takes a second SAE. The floor is that of the pipeline's size for all.
    asked: what is measured of the panel as well; metrics: names of those from elsewhere. Raises
    TrialDiverged, naming the metric, if one is not finite.
    """
    is_pipeline = name == "pipeline"
    model = trained.model if is_pipeline else PANEL[name].build(trained)
    # Most read the trial's own classifier, whose references take longer than its metrics.
    classifier = "trained" if is_pipeline or not PANEL[name].own_network else name
    key = trained.key(f"{classifier} classifier, scored on {data.key}")
    untrained = trained.untrained_network().hidden
    splits = (data.train.images, data.train.labels, data.val.images, data.val.labels)
    with torch.no_grad():
        measured = measure(model, *splits, trained.activations(data) if classifier == "trained" else None)
    read = ReferenceInputs(measured.activations, untrained, seed)
    known: dict[str, Tensor] = {}
    groups = metrics_of(name, asked, metrics)
    for group in groups.values():
        known |= references(trained.stages, group, key, read)
    inputs = MetricInputs(
        measured,
        known,
        untrained,
        seed,
        twin=(lambda: twin(trained)) if is_pipeline else None,
        shared=partial(shared, trained.stages, key),
        floor_size=(trained.width, trained.k),
        of_network=trained.kept(classifier, data.key, seed),
    )
    return evaluate((metric for group in groups.values() for metric in group), inputs)


def sae_tasks(trained: Trained) -> Sequence[SaeTask]:
    """All SAEs that scoring the pipeline and its panel takes beside the pipeline's own."""
    return [twin_task(trained), *(task for member in PANEL.values() for task in member.saes(trained))]
