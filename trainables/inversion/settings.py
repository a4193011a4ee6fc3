"""What inversion can be told; no torch, and no part of a trial's configuration."""

from __future__ import annotations

from pydantic import Field

from trainables.settings.section import Section


class InversionConfig(Section):
    """Regularised activation maximisation. Every term is in a unit of the data, so weights compare."""

    steps: int = Field(128, ge=1, le=10_000, description="Adam steps.")
    learning_rate: float = Field(0.05, gt=0, le=1, description="Adam step size on the spectrum.")
    restarts: int = Field(
        4, ge=2, le=64, description="Starts from different noise, the same for all latents."
    )
    jitter: float = Field(
        2.0, ge=0, le=8, description="Largest shift at 28 pixels, in pixels; scales with size."
    )
    rotation: float = Field(8.0, ge=0, le=45, description="Largest rotation either way, in degrees.")
    zoom: float = Field(0.05, ge=0, le=0.5, description="Largest relative change of size either way.")
    off_target: float = Field(
        0.3, ge=0, le=100, description="Weight of the other latents' code mass over the target's own q99."
    )
    total_variation: float = Field(
        0.1, ge=0, le=100, description="Weight of the total variation over the data's median."
    )
    prior: float = Field(
        0.2, ge=0, le=100, description="Weight of the squared distance to the data's PCA over its mean there."
    )
