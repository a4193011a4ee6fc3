"""The SAE as a training signal of the classifier."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from trainables.settings.rules import Rule
from trainables.settings.section import Member


class LoopConfig(Member):
    """What all loops share: that they have a kind."""


class NoLoopConfig(LoopConfig):
    """The classifier does not know of the SAE."""

    implementation: ClassVar[str] = "trainables.classifier.plain:PlainLoop"
    kind: str = "none"


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
