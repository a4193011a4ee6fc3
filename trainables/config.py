"""What a trial can be told: its sections, and the kinds that each of them has.

Nothing here or in `trainables.settings` imports torch, so a space file is checked in a fraction of a
second. A section with variants is a union discriminated by `kind`; every kind is one class of settings,
one class that does the work, one line below and one in `trainables.registry`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trainables.settings.auxiliary import AuxiliaryConfig
from trainables.settings.basis import (
    IcaBasisConfig,
    PcaBasisConfig,
    PcaVarianceBasisConfig,
    RandomRotationBasisConfig,
    RawBasisConfig,
    WhitenedPcaBasisConfig,
    WhitenedPcaVarianceBasisConfig,
    ZcaBasisConfig,
)
from trainables.settings.classifier import (
    BagClassifierConfig,
    ConvClassifierConfig,
    MlpClassifierConfig,
    PartsClassifierConfig,
)
from trainables.settings.loop import JointLoopConfig, NoLoopConfig, SaeCeptionLoopConfig
from trainables.settings.sae import (
    BatchTopKSaeConfig,
    GatedSaeConfig,
    JumpReluSaeConfig,
    MatryoshkaSaeConfig,
    ReluSaeConfig,
    ReluTargetSaeConfig,
    TopKSaeConfig,
)
from trainables.settings.section import Section

Loop = Annotated[NoLoopConfig | JointLoopConfig | SaeCeptionLoopConfig, Field(discriminator="kind")]
Classifier = Annotated[
    MlpClassifierConfig | ConvClassifierConfig | PartsClassifierConfig | BagClassifierConfig,
    Field(discriminator="kind"),
]
Basis = Annotated[
    RawBasisConfig
    | PcaBasisConfig
    | PcaVarianceBasisConfig
    | WhitenedPcaBasisConfig
    | WhitenedPcaVarianceBasisConfig
    | ZcaBasisConfig
    | IcaBasisConfig
    | RandomRotationBasisConfig,
    Field(discriminator="kind"),
]
Sae = Annotated[
    ReluSaeConfig
    | ReluTargetSaeConfig
    | TopKSaeConfig
    | BatchTopKSaeConfig
    | JumpReluSaeConfig
    | GatedSaeConfig
    | MatryoshkaSaeConfig,
    Field(discriminator="kind"),
]


class TrialConfig(Section):
    """Everything that distinguishes one trial from another."""

    classifier: Classifier = MlpClassifierConfig()
    basis: Basis = RawBasisConfig()
    sae: Sae = TopKSaeConfig()
    auxiliary: AuxiliaryConfig = AuxiliaryConfig()
    loop: Loop = NoLoopConfig()
    replicate: int = Field(
        0, ge=0, le=1_000_000, description="Enters every stage's seed; pairs trials of one design."
    )


# Section -> kind -> model. A section left out of a space file takes TrialConfig's default.
KINDS: dict[str, dict[str, type[Section]]] = {
    "classifier": {
        "mlp": MlpClassifierConfig,
        "conv": ConvClassifierConfig,
        "parts": PartsClassifierConfig,
        "bag": BagClassifierConfig,
    },
    "basis": {
        "raw": RawBasisConfig,
        "pca": PcaBasisConfig,
        "pca_variance": PcaVarianceBasisConfig,
        "whitened_pca": WhitenedPcaBasisConfig,
        "whitened_pca_variance": WhitenedPcaVarianceBasisConfig,
        "zca": ZcaBasisConfig,
        "ica": IcaBasisConfig,
        "random_rotation": RandomRotationBasisConfig,
    },
    "sae": {
        "relu": ReluSaeConfig,
        "relu_target": ReluTargetSaeConfig,
        "topk": TopKSaeConfig,
        "batch_topk": BatchTopKSaeConfig,
        "jumprelu": JumpReluSaeConfig,
        "gated": GatedSaeConfig,
        "matryoshka": MatryoshkaSaeConfig,
    },
    "loop": {"none": NoLoopConfig, "joint": JointLoopConfig, "sae_ception": SaeCeptionLoopConfig},
}
# Sections without variants.
PLAIN: dict[str, type[Section]] = {"auxiliary": AuxiliaryConfig}
# Fields of the trial itself.
SCALARS: tuple[str, ...] = ("replicate",)
