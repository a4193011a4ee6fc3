"""What a trial can be told: its sections, and the kinds that each of them has.

Nothing here or in `trainables.settings` imports torch, so a space file is checked in a fraction of a
second. A section with variants is a union discriminated by `kind`; every kind is one class of settings,
one class that does the work, one line below and one in `trainables.registry`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainables.settings.auxiliary import Auxiliary
from trainables.settings.basis import (
    IcaBasis,
    PcaBasis,
    PcaVarianceBasis,
    RandomRotationBasis,
    RawBasis,
    WhitenedPcaBasis,
    WhitenedPcaVarianceBasis,
    ZcaBasis,
)
from trainables.settings.classifier import ConvClassifier, MlpClassifier
from trainables.settings.loop import NoLoop, SaeCeptionLoop
from trainables.settings.sae import (
    BatchTopKSae,
    GatedSae,
    JumpReluSae,
    MatryoshkaSae,
    ReluSae,
    ReluTargetSae,
    TopKSae,
)
from trainables.settings.section import Section

Loop = Annotated[NoLoop | SaeCeptionLoop, Field(discriminator="kind")]
Classifier = Annotated[MlpClassifier | ConvClassifier, Field(discriminator="kind")]
Basis = Annotated[
    RawBasis
    | PcaBasis
    | PcaVarianceBasis
    | WhitenedPcaBasis
    | WhitenedPcaVarianceBasis
    | ZcaBasis
    | IcaBasis
    | RandomRotationBasis,
    Field(discriminator="kind"),
]
Sae = Annotated[
    ReluSae | ReluTargetSae | TopKSae | BatchTopKSae | JumpReluSae | GatedSae | MatryoshkaSae,
    Field(discriminator="kind"),
]


class TrialConfig(Section):
    """Everything that distinguishes one trial from another."""

    classifier: Classifier = MlpClassifier()
    basis: Basis = RawBasis()
    sae: Sae = TopKSae()
    auxiliary: Auxiliary = Auxiliary()
    loop: Loop = NoLoop()
    replicate: int = Field(
        0, ge=0, le=1_000_000, description="Enters every stage's seed; pairs trials of one design."
    )


# Section -> kind -> model. A section left out of a space file takes TrialConfig's default.
KINDS: dict[str, dict[str, type[Section]]] = {
    "classifier": {"mlp": MlpClassifier, "conv": ConvClassifier},
    "basis": {
        "raw": RawBasis,
        "pca": PcaBasis,
        "pca_variance": PcaVarianceBasis,
        "whitened_pca": WhitenedPcaBasis,
        "whitened_pca_variance": WhitenedPcaVarianceBasis,
        "zca": ZcaBasis,
        "ica": IcaBasis,
        "random_rotation": RandomRotationBasis,
    },
    "sae": {
        "relu": ReluSae,
        "relu_target": ReluTargetSae,
        "topk": TopKSae,
        "batch_topk": BatchTopKSae,
        "jumprelu": JumpReluSae,
        "gated": GatedSae,
        "matryoshka": MatryoshkaSae,
    },
    "loop": {"none": NoLoop, "sae_ception": SaeCeptionLoop},
}
# Sections without variants.
PLAIN: dict[str, type[Section]] = {"auxiliary": Auxiliary}
# Fields of the trial itself.
SCALARS: tuple[str, ...] = ("replicate",)
