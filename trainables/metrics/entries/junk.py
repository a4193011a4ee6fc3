"""Where in the image latents look: see `trainables.metrics.junk`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Need, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs
    from trainables.metrics.junk import Junk


def _untrained(inputs: ReferenceInputs) -> dict[str, Tensor]:
    from trainables.metrics.junk import untrained_junk

    a = inputs.activations
    looks = untrained_junk(inputs.untrained, a.val_images, a.val_labels, inputs.seed)
    return {"junk": looks.junk, "far": looks.far}


UNTRAINED = Reference("junk of the untrained network", _untrained, version=2)


def latents(inputs: MetricInputs) -> Junk:
    """Junk share of a sample of latents on val."""
    from trainables.metrics.junk import latent_junk

    measured, a = inputs.measured, inputs.measured.activations
    return latent_junk(
        inputs.pre_activations, measured.val_z, measured.alive, a.val_images, a.val_labels, inputs.seed
    )


def junk(inputs: MetricInputs) -> Score:
    """The gradient's share off the strokes, over chance."""
    untrained = float(inputs.reference(UNTRAINED)["junk"].mean())
    return Score(inputs.once(latents).value(), 1.0, {"attribution/junk_untrained": untrained})


def junk_far(inputs: MetricInputs) -> Score:
    """The gradient's share beyond the digit's hull, over chance."""
    untrained = float(inputs.reference(UNTRAINED)["far"].mean())
    return Score(inputs.once(latents).far_value(), 1.0, {"attribution/junk_far_untrained": untrained})


_NEEDS: tuple[Need, ...] = ("labels", "images", "network")
METRICS = (
    Metric(
        "attribution/junk",
        "latent input-gradient outside the strokes; 1 = chance, 0 = none",
        "min",
        junk,
        unit="times chance",
        null="all pixels read alike, 1",
        references={"attribution/junk_untrained": "junk of the same architecture, untrained"},
        reads=(UNTRAINED,),
        needs=_NEEDS,
        standing="key",
        proxy=True,
    ),
    Metric(
        "attribution/specificity",
        "gradient share on the own stroke mask minus that on a same-class image's",
        "max",
        lambda inputs: inputs.once(latents).mean_specificity(),
        unit="share",
        needs=_NEEDS,
        standing="experimental",
        proxy=True,
    ),
    Metric(
        "attribution/junk_far",
        "latent input-gradient outside the digit's convex hull; 1 = chance, 0 = none",
        "min",
        junk_far,
        unit="times chance",
        null="all pixels read alike, 1",
        references={"attribution/junk_far_untrained": "junk_far of the same architecture, untrained"},
        reads=(UNTRAINED,),
        needs=_NEEDS,
        proxy=True,
    ),
)
