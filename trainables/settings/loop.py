"""The SAE as a training signal of the classifier."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trainables import registry
from trainables.registry import Registry
from trainables.settings.latent_losses import (
    DecoderOrthogonalityConfig,
    ErasingConfig,
    FarInkConfig,
    LocalityConfig,
    MovesConfig,
    SoloConfig,
)
from trainables.settings.loss_section import LossSection
from trainables.settings.rules import Rule
from trainables.settings.section import Member


class LoopConfig(Member):
    """What all loops share: that they have a kind."""


class NoLoopConfig(LoopConfig):
    """The classifier does not know of the SAE."""

    implementation: ClassVar[str] = "trainables.classifier.plain:PlainLoop"
    kind: str = "none"


class JointTrainingConfig(LoopConfig):
    """What the joint training itself can be told."""

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("loop.edited_images", "sae.kind"),
            lambda _, kind: kind == "batch_topk",
            "loop.kind joint trains the SAE with one threshold for all: sae.kind must be batch_topk",
            monotone=True,
        ),
    )
    epochs: int = Field(8, ge=1, le=10_000, description="Passes of the joint training at full budget.")
    learning_rate: float = Field(
        1e-3, gt=0, le=1, description="Adam's largest rate (one cycle); ten times it for thresholds."
    )
    batch_size: int = Field(256, ge=8, le=8192, description="Images per gradient step.")
    augmented_share: float = Field(
        0.5, ge=0, le=1, description="Share of the batches that the classifier's augmentation changes."
    )
    reconstructed_ce: float = Field(
        1.0, ge=0, le=100, description="Weight of the cross entropy of the head on reconstructions."
    )
    reconstructed_kl: float = Field(
        0.0, ge=0, le=100, description="Weight of the head's KL divergence from activation to reconstruction."
    )
    fvu: float = Field(0.3, ge=0, le=100, description="Weight of the reconstruction's unexplained variance.")
    revival: float = Field(
        1 / 16, ge=0, le=10, description="Weight of the terms that bring dead latents back; 0 is off."
    )
    edited_images: int = Field(
        128, ge=1, le=8192, description="Images of each batch that the losses on latents edit, at most."
    )


# Fields come from the last base to the first.
class JointLoopConfig(
    LossSection,
    LocalityConfig,
    DecoderOrthogonalityConfig,
    ErasingConfig,
    FarInkConfig,
    MovesConfig,
    SoloConfig,
    JointTrainingConfig,
):
    """The classifier and its SAE trained on together, also on edited images; that SAE is what is measured.

    The weights from solo on are those of losses on latents. They rise from 0 to their value between 15 and
    35 % of the steps.
    """

    family: ClassVar[Registry] = registry.LATENT_LOSSES
    implementation: ClassVar[str] = "trainables.classifier.joint:JointLoop"
    kind: str = "joint"


class SaeCeptionLoopConfig(LoopConfig):
    """Cycles: the codes of the classifier's SAE, decoded, become targets of its next training."""

    implementation: ClassVar[str] = "trainables.classifier.sae_ception:SaeCeptionLoop"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("loop.start", "loop.reinitialise"),
            lambda start, reinitialise: start == "continue" or reinitialise == "none",
            "loop.reinitialise needs loop.start continue: with new weights every unit is started anew",
            monotone=True,
        ),
        Rule(
            ("loop.reinitialise", "classifier.kind"),
            lambda reinitialise, kind: reinitialise == "none" or kind in ("mlp", "conv"),
            "loop.reinitialise needs units with weights of their own: classifier.kind must be mlp or conv",
            monotone=True,
        ),
    )
    kind: str = "sae_ception"
    cycles: int = Field(3, ge=1, le=20, description="Trainings after the plain one, each of as many epochs.")
    weight: float = Field(
        0.1, ge=0, le=1e4, description="Weight of 1 - cos(hidden activations, target); 0 trains plainly."
    )
    targets: Literal["masked_code", "class_mean", "cluster_mean", "random"] = Field(
        "masked_code",
        description="Each image's code cut to its class' top latents (as published), the mean code of its "
        "class or of its cluster, or a random unit vector as control.",
    )
    top: int = Field(
        25, ge=1, le=65_536, description="Latents kept in a target, of largest mean in class or cluster."
    )
    clusters: int = Field(20, ge=2, le=1000, description="Clusters of codes; only for cluster_mean.")
    start: Literal["fresh", "continue"] = Field(
        "fresh", description="Whether a cycle begins with new weights or with those of the cycle before."
    )
    reinitialise: Literal["none", "dead", "entangled", "both"] = Field(
        "none",
        description="Hidden units started anew with each cycle: silent ones, those that tell classes apart "
        "less than half as well as the median, or both.",
    )
