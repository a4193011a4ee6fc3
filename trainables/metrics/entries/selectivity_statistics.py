"""Whether a code belongs to one thing, in three ways: see `trainables.metrics.selectivity_statistics`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trainables.metrics.families import MEANINGS, STRONGEST
from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs


def _curves(inputs: ReferenceInputs) -> dict[str, Tensor]:
    """<statistic>_<family> (g,): density-matched curves; embedding (m, e) of the fixed train rows."""
    from trainables.metrics.directions import families_of
    from trainables.metrics.selectivity_nulls import matched_curves
    from trainables.metrics.selectivity_statistics import pixel_embedding

    a = inputs.activations
    embedding = pixel_embedding(a.train_images[a.rows])
    tensors = {"embedding": embedding}
    for family, directions in inputs.once(families_of).items():
        found = matched_curves(a.train_h[a.rows], a.row_labels, a.n_classes, embedding, directions)
        tensors |= {f"{name}_{family}": curve for name, curve in found.items()}
    return tensors


CURVES = Reference("selectivity of directions", _curves, version=2)


def _statistics(inputs: MetricInputs) -> dict[str, Tensor]:
    from trainables.metrics.selectivity_statistics import statistics

    codes, a = inputs.measured.row_codes, inputs.measured.activations
    return statistics(codes, a.row_labels, a.n_classes, inputs.reference(CURVES)["embedding"].to(codes))


def statistic(name: str, inputs: MetricInputs) -> Score:
    """Mean over latents, against directions that fire as often."""
    from trainables.metrics.selectivity import FEWEST
    from trainables.metrics.selectivity_nulls import matched, mean_at, strongest

    codes, curves = inputs.measured.row_codes, inputs.reference(CURVES)
    counts, n = (codes > 0).sum(dim=0), len(codes)
    judged = counts[counts >= FEWEST]
    own = {family: curves[f"{name}_{family}"] for family in MEANINGS}
    against = matched(inputs.once(_statistics)[name], counts, strongest(own, n, judged), n)
    return Score(
        against.value,
        against.null,
        {f"selectivity/{name}_{family}": mean_at(curve, n, judged) for family, curve in own.items()},
    )


_MEANINGS = {
    "csi": "class selectivity index (largest - rest) / (largest + rest), mean over latents",
    "f1": "F1 of 'the latent fires' for its best class, mean over latents",
    "monosemanticity": "likeness of the images a latent fires on (PCA-50 of the pixels)",
}
METRICS = tuple(
    Metric(
        f"selectivity/{name}",
        meaning,
        "max",
        partial(statistic, name),
        "final",
        null=f"{STRONGEST}, firing as often",
        references={
            f"selectivity/{name}_{family}": f"selectivity/{name} of {meaning}"
            for family, meaning in MEANINGS.items()
        },
        reads=(CURVES,),
        needs=("labels", "images"),
        proxy=True,
    )
    for name, meaning in _MEANINGS.items()
)
