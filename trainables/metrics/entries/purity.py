"""Class purity of latents against random directions: see `trainables.metrics.selectivity`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs
    from trainables.metrics.selectivity import Purity


def _directions(inputs: ReferenceInputs) -> dict[str, Tensor]:
    """<family> (k,): mean purity of its directions at 1..k images; threshold, factor (k,) and chance ():
    the `score_parts.PurityScale` of the random ones."""
    from trainables.metrics.directions import families_of
    from trainables.metrics.scalar import scalar
    from trainables.metrics.score_parts import purity_scale
    from trainables.metrics.selectivity import direction_purities

    a = inputs.activations
    purities = {
        name: direction_purities(a.train_h, a.train_labels, a.n_classes, directions)
        for name, directions in inputs.once(families_of).items()
    }
    scale = purity_scale(purities["random"])
    means = {name: found.mean(dim=1) for name, found in purities.items()}
    return {
        **means,
        "threshold": scale.threshold,
        "factor": scale.factor,
        "chance": scalar(scale.chance),
    }


DIRECTIONS = Reference("purity of directions", _directions)


def judged(inputs: MetricInputs) -> Purity:
    """The purity of the latents on train, beside its null."""
    from trainables.metrics.selectivity import purity

    measured = inputs.measured
    null = inputs.reference(DIRECTIONS)["random"]
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
        {f"selectivity/purity_{family}": at_own_count(curves[family], last) for family in ("pca", "neurons")},
    )


METRICS = (
    Metric(
        "selectivity/purity",
        "majority class share of each latent's top-50 firing images",
        "max",
        purity,
        unit="share",
        null="random directions at the latents' own firing counts",
        references={
            "selectivity/purity_pca": "purity of plus and minus PCA directions",
            "selectivity/purity_neurons": "purity of the hidden units themselves",
        },
        reads=(DIRECTIONS,),
        needs=("labels",),
        standing="key",
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
