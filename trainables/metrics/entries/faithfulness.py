"""Whether latents need the pixels that SmoothGrad ranks first: see `trainables.metrics.deletion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Need, Score

if TYPE_CHECKING:
    from trainables.metrics.deletion import Faithfulness
    from trainables.metrics.inputs import MetricInputs


def areas(inputs: MetricInputs) -> Faithfulness:
    """Of SmoothGrad maps of a sample of latents on val."""
    from trainables.metrics.deletion import faithfulness
    from trainables.metrics.smooth_grad_maps import of_latents, pictures

    images = inputs.measured.activations.val_images
    method, pairs = of_latents(inputs)
    maps = method(inputs.pre_activations, pictures(pairs, images), pairs.column)
    return faithfulness(inputs.codes, maps, pairs, images, inputs.seed)


def deletion(inputs: MetricInputs) -> Score:
    """Area left, and that of random orders."""
    found = inputs.once(areas)
    return Score(found.deletion, found.deletion_null)


def insertion(inputs: MetricInputs) -> Score:
    """Area regained, and that of random orders."""
    found = inputs.once(areas)
    return Score(found.insertion, found.insertion_null)


_NEEDS: tuple[Need, ...] = ("images", "network")
METRICS = (
    Metric(
        "attribution/deletion",
        "code left while the pixels a map ranks first are resampled, area above that of all resampled",
        "min",
        deletion,
        "confirm",
        unit="share",
        null="random order",
        needs=_NEEDS,
    ),
    Metric(
        "attribution/insertion",
        "code regained while the pixels a map ranks first are shown, area",
        "max",
        insertion,
        "confirm",
        unit="share",
        null="random order",
        needs=_NEEDS,
    ),
)
