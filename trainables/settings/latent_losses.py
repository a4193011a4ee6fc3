"""Losses on the latents of an SAE that is trained with its network: a class of settings each."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.rules import Rule
from trainables.settings.section import LatentLossConfig


class SoloConfig(LatentLossConfig):
    """A latent's part alone fires it, and little else."""

    implementation: ClassVar[str] = "trainables.losses.latents.solo:solo"
    solo: float = Field(
        0.0, ge=0, le=100, description="Weight of: a latent's part alone fires it, and little else."
    )


class MovesConfig(LatentLossConfig):
    """A latent's part brings it along into another image; a blob with as much ink does not."""

    implementation: ClassVar[str] = "trainables.losses.latents.moves:moves"
    moves: float = Field(
        0.0, ge=0, le=100, description="Weight of: its part brings it into other images, a blob does not."
    )


class FarInkConfig(LatentLossConfig):
    """Ink far from the strokes changes no latent, neither up nor down."""

    implementation: ClassVar[str] = "trainables.losses.latents.far_ink:far_ink"
    far_ink: float = Field(
        0.0, ge=0, le=100, description="Weight of: ink beyond the strokes' hull changes no latent."
    )


class ErasingConfig(LatentLossConfig):
    """Without its part a latent is silent; without a blob of as much ink it fires on."""

    implementation: ClassVar[str] = "trainables.losses.latents.erasing:erasing"
    erasing: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Weight of: a latent falls silent without its part, not without a blob.",
    )


class DecoderOrthogonalityConfig(LatentLossConfig):
    """Decoder rows that do not point alike."""

    implementation: ClassVar[str] = "trainables.losses.latents.orthogonality:decoder_orthogonality"
    decoder_orthogonality: float = Field(
        0.0, ge=0, le=100, description="Weight of the mean largest squared cosine between decoder rows."
    )


class LocalityConfig(LatentLossConfig):
    """Latents that read from one place of the image: a soft pull, where the hidden units have places."""

    implementation: ClassVar[str] = "trainables.losses.latents.locality:locality"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("loop.locality", "classifier.kind"),
            lambda weight, kind: weight == 0 or kind in ("parts", "bag"),
            "loop.locality needs hidden units with a place in the image: classifier.kind parts or bag",
            monotone=True,
        ),
        Rule(
            ("loop.locality", "classifier.grid"),
            lambda weight, grid: weight == 0 or grid > 1,
            "loop.locality needs hidden units with a place in the image: classifier.grid must be above 1",
            monotone=True,
        ),
        Rule(
            ("loop.locality", "basis.kind"),
            lambda weight, kind: weight == 0 or kind == "raw",
            "loop.locality needs SAE inputs that are hidden units: basis.kind must be raw",
            monotone=True,
        ),
    )
    locality: float = Field(
        0.0, ge=0, le=1000, description="Weight of the spread over the image of what a latent reads."
    )
