"""How much codes change when only the background does: see `trainables.metrics.background_sensitivity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs

_NAME = "attribution/background_sensitivity"


def _untrained(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.background_sensitivity import untrained_sensitivity

    return {"curve": untrained_sensitivity(inputs.untrained, inputs.activations.val_images, inputs.seed)}


UNTRAINED = Reference("background sensitivity of the untrained network", _untrained, version=2)


def sensitivity(inputs: MetricInputs) -> Score:
    """Background sensitivity of a sample of latents on val."""
    from trainables.metrics.background_sensitivity import of_latents
    from trainables.metrics.selectivity_nulls import mean_at

    value, counts = of_latents(inputs.measured, inputs.seed)
    curve, n = inputs.reference(UNTRAINED)["curve"], len(inputs.measured.val_z)
    return Score(value, references={f"{_NAME}_untrained": mean_at(curve, n, counts)})


METRICS = (
    Metric(
        _NAME,
        "relative change of a latent's code when noise is laid on the background",
        "min",
        sensitivity,
        unit="share",
        references={
            f"{_NAME}_untrained": "the same of the untrained network's directions that fire as often"
        },
        reads=(UNTRAINED,),
        needs=("images", "network"),
        proxy=True,
    ),
)
