"""How concentrated latents' gradient maps are: see `trainables.metrics.gini`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs


def _untrained(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.gini import untrained_gini
    from trainables.metrics.scalar import scalar

    return {"mean": scalar(untrained_gini(inputs.untrained, inputs.activations.val_images, inputs.seed))}


UNTRAINED = Reference("gini of the untrained network", _untrained)


def concentration(inputs: MetricInputs) -> Score:
    """Concentration of the maps of a sample of latents on val."""
    from trainables.metrics.gini import mean_gini
    from trainables.metrics.latent_image_pairs import firing_pairs

    measured = inputs.measured
    pairs, _ = firing_pairs(measured.val_z, measured.alive, inputs.seed)
    value = mean_gini(inputs.pre_activations, pairs, measured.activations.val_images, inputs.seed)
    untrained = float(inputs.reference(UNTRAINED)["mean"])
    return Score(value, 0.0, {"attribution/gini_untrained": untrained})


METRICS = (
    Metric(
        "attribution/gini",
        "concentration of a latent's gradient map; uniform = 0",
        "max",
        concentration,
        "final",
        null="a uniform map, 0",
        references={"attribution/gini_untrained": "the same of the same architecture, untrained"},
        reads=(UNTRAINED,),
        needs=("images", "network"),
        proxy=True,
    ),
)
