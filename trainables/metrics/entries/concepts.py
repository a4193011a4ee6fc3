"""Whether latents tell concepts of the image that a person named: see `trainables.metrics.concept_alignment`.

Measured where a run names a set of concepts (section `concepts` of its space file).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from trainables.metrics.metric import Metric, Reference, Score

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.concept_alignment import Fires
    from trainables.metrics.inputs import MetricInputs, ReferenceInputs

FAMILIES = ("gaussian", "images")


def _directions(inputs: ReferenceInputs) -> dict[str, Tensor]:
    """<family> (k, d): unit rows."""
    from trainables.metrics.directions import families_of

    return {name: own for name, own in inputs.once(families_of).items() if name in FAMILIES}


DIRECTIONS = Reference("directions for concepts", _directions)


def latents(inputs: MetricInputs) -> Fires:
    """Where the latents fire that do so on enough of the fitted train rows."""
    from trainables.metrics.concept_alignment import FEWEST

    measured = inputs.measured
    judged = (measured.row_codes > 0).sum(dim=0) >= FEWEST
    if not bool(judged.any()):
        judged[0] = True
    return measured.row_codes[:, judged] > 0, measured.val_z[:, judged] > 0


def controls(inputs: MetricInputs) -> dict[str, list[Fires]]:
    """Where directions do that fire as often."""
    from trainables.metrics.concept_alignment import direction_fires

    measured, fires = inputs.measured, inputs.once(latents)
    a = measured.activations
    families = {name: own.to(a.val_h) for name, own in inputs.reference(DIRECTIONS).items()}
    return direction_fires((a.train_h[a.rows], a.val_h), families, fires[0].sum(dim=0).tolist(), inputs.seed)


def single(inputs: MetricInputs) -> tuple[Tensor, Tensor]:
    """Each concept's F1 (c,) and, of the family that is strongest over all concepts, its chance (c,)."""
    import torch

    from trainables.metrics.concept_alignment import best_single

    concepts = inputs.concepts
    assert concepts is not None
    nulls = [
        torch.stack([best_single(draw, concepts)[0] for draw in draws]).mean(dim=0)
        for draws in inputs.once(controls).values()
    ]
    return best_single(inputs.once(latents), concepts)[0], max(nulls, key=lambda null: float(null.mean()))


def f1(which: str, inputs: MetricInputs) -> Score:
    """Mean over all concepts, those held out or those supervised; chance where there is none."""
    concepts = inputs.concepts
    assert concepts is not None
    own, null = inputs.once(single)
    chosen = {"all": concepts.held_out | True, "held": concepts.held_out, "taught": ~concepts.held_out}[which]
    if not bool(chosen.any()):
        return Score(float(null.mean()), float(null.mean()))
    return Score(float(own[chosen].mean()), float(null[chosen].mean()))


def within_class(inputs: MetricInputs) -> Score:
    """Mean over classes and concepts that vary inside them."""
    from trainables.metrics.concept_alignment import within_classes

    concepts, a = inputs.concepts, inputs.measured.activations
    assert concepts is not None
    labels = (a.row_labels, a.val_labels)

    def mean(fires: Fires) -> float:
        found, counts = within_classes(fires, concepts, labels, a.n_classes)
        return float(found[counts].mean()) if bool(counts.any()) else 0.0

    nulls = [[mean(draw) for draw in draws] for draws in inputs.once(controls).values()]
    return Score(mean(inputs.once(latents)), max(sum(own) / len(own) for own in nulls))


def completeness(inputs: MetricInputs) -> Score:
    """Of the concepts as h tells them; beside as many random projections and principal components of h."""
    import torch

    from trainables.bases.affine import mean_and_covariance, principal_components
    from trainables.metrics import concept_alignment as alignment
    from trainables.metrics.probe import probe_accuracy

    concepts, a = inputs.concepts, inputs.measured.activations
    assert concepts is not None
    h = a.train_h[a.rows], a.val_h
    whole = float((inputs.measured.model.head(a.val_h).argmax(dim=1) == a.val_labels).double().mean())
    chance = float(torch.bincount(a.val_labels).max()) / len(a.val_labels)

    def eta(features: tuple[Tensor, Tensor]) -> float:
        accuracy = probe_accuracy(features[0], a.row_labels, features[1], a.val_labels, a.n_classes)
        return alignment.completeness(accuracy, chance, whole)

    k, generator = len(concepts.names), torch.Generator().manual_seed(inputs.seed)
    random = [torch.randn(h[0].shape[1], k, generator=generator).to(h[0]) for _ in range(alignment.DRAWS)]
    components = principal_components(mean_and_covariance(h[0])[1])[1][:, :k].to(h[0])
    projected = [eta((h[0] @ own, h[1] @ own)) for own in random]
    return Score(
        eta(alignment.linear_readout(h, concepts.train)),
        references={
            "concepts/completeness_random": sum(projected) / len(projected),
            "concepts/completeness_pca": eta((h[0] @ components, h[1] @ components)),
        },
    )


_AS_OFTEN = "the best of as many directions that fire as often, Gaussian or train images"
_WHICH = {
    "concepts/k1_f1": ("all", "of all concepts"),
    "concepts/held_out_f1": ("held", "of the concepts that no loss looked at"),
    "concepts/supervised_f1": ("taught", "of the concepts that were or would be supervised"),
}
METRICS = (
    *(
        Metric(
            name,
            f"F1 of the best single latent for a concept's bit, mean {whose}",
            "max",
            partial(f1, which),
            "final",
            null=_AS_OFTEN,
            reads=(DIRECTIONS,),
            needs=("concepts",),
        )
        for name, (which, whose) in _WHICH.items()
    ),
    Metric(
        "concepts/completeness",
        "share of the network's knowledge of the class that the concepts have, as a linear reader tells them",
        "max",
        completeness,
        "final",
        references={
            "concepts/completeness_random": "as many random projections of the hidden activations",
            "concepts/completeness_pca": "as many principal components of them",
        },
        needs=("concepts", "labels", "network"),
    ),
    Metric(
        "selectivity/within_class",
        "F1 of the best single latent for a concept's bit inside one class, mean over classes and concepts",
        "max",
        within_class,
        "final",
        null=_AS_OFTEN,
        reads=(DIRECTIONS,),
        needs=("concepts", "labels"),
    ),
)
