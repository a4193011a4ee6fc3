"""Whether maps change when the network is redrawn: see `trainables.metrics.randomisation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric

if TYPE_CHECKING:
    from trainables.metrics.inputs import MetricInputs


def correlation(inputs: MetricInputs) -> float:
    """Of SmoothGrad maps of a sample of latents on val."""
    from trainables.metrics.randomisation import rank_correlation
    from trainables.metrics.smooth_grad_maps import of_latents

    model, images = inputs.measured.model, inputs.measured.activations.val_images
    method, pairs = of_latents(inputs)
    return rank_correlation(
        method, inputs.pre_activations, lambda x: model.encode(inputs.untrained(x))[0], pairs, images
    )


METRICS = (
    Metric(
        "attribution/randomisation",
        "rank correlation of maps before and after redrawing the network; should be near 0",
        None,
        correlation,
        "confirm",
        needs=("images", "network"),
    ),
)
