"""Class purity of latents against directions that nobody trained: see `trainables.metrics.selectivity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.families import MEANINGS, STRONGEST
from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs
    from trainables.metrics.selectivity import Purity


def _directions(inputs: ReferenceInputs) -> dict[str, Tensor]:
    """<family> (k,): mean purity of its directions at 1..k images."""
    from trainables.metrics.directions import families_of
    from trainables.metrics.selectivity import direction_purities

    a = inputs.activations
    return {
        name: direction_purities(a.train_h, a.train_labels, a.n_classes, directions).mean(dim=1)
        for name, directions in inputs.once(families_of).items()
    }


DIRECTIONS = Reference("purity of directions", _directions, version=2)


def judged(inputs: MetricInputs) -> Purity:
    """The purity of the latents on train, beside its null."""
    from trainables.metrics.selectivity import purity, strongest

    measured = inputs.measured
    null = strongest(inputs.reference(DIRECTIONS), inputs.once(latents)[1])
    return purity(measured.top_labels, measured.firing, null, measured.activations.n_classes)


def latents(inputs: MetricInputs) -> tuple[Tensor, Tensor]:
    """Each latent's purity, as `selectivity.latent_purities` gives it."""
    from trainables.metrics.selectivity import latent_purities

    measured = inputs.measured
    return latent_purities(measured.top_labels, measured.firing, measured.activations.n_classes)


def purity(inputs: MetricInputs) -> Score:
    """Of latents, and of the other families at the latents' own counts."""
    from trainables.metrics.selectivity import at_own_count

    found, curves = inputs.once(judged), inputs.reference(DIRECTIONS)
    _, last = inputs.once(latents)
    return Score(
        found.value,
        found.null,
        {f"selectivity/purity_{family}": at_own_count(curves[family], last) for family in MEANINGS},
    )


METRICS = (
    Metric(
        "selectivity/purity",
        "majority class share of each latent's top-50 firing images",
        "max",
        purity,
        unit="share",
        null=f"{STRONGEST}, at the latents' own firing counts",
        references={
            f"selectivity/purity_{family}": f"purity of {meaning}" for family, meaning in MEANINGS.items()
        },
        reads=(DIRECTIONS,),
        needs=("labels",),
        standing="key",
        proxy=True,
    ),
    Metric(
        "selectivity/purity_left_out",
        "alive latents with too few firing images for a purity",
        None,
        lambda inputs: inputs.once(judged).left_out,
        unit="latents",
        reads=(DIRECTIONS,),
        needs=("labels",),
    ),
)
