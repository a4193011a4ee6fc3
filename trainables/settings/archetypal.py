"""Settings of the archetypal SAE."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.sae import KSaeTrainingConfig


class ArchetypalSaeConfig(KSaeTrainingConfig):
    """TopK codes over rows that are mixtures of train samples, so that a latent is a list of real images."""

    implementation: ClassVar[str] = "trainables.saes.archetypal:ArchetypalSae"
    kind: str = "archetypal"
    points: int = Field(512, ge=2, le=65_536, description="Train samples that rows are mixtures of.")
    deviation: float = Field(
        0.1,
        ge=0,
        le=1,
        description="How far a row may leave its mixture, as a share of the mixture's length.",
    )
