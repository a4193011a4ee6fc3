"""Settings of the SAE whose latents come in blocks."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.rules import Rule
from trainables.settings.sae import SaeTrainingConfig


class BlockSaeConfig(SaeTrainingConfig):
    """Blocks of latents that are on or off together; inside, the direction tells how much."""

    implementation: ClassVar[str] = "trainables.saes.block:BlockSae"
    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            ("sae.block", "sae.width"),
            lambda block, width: width % block == 0,
            "sae.width must be a multiple of sae.block",
        ),
        Rule(
            ("sae.active", "sae.block", "sae.width"),
            lambda active, block, width: active * block <= width,
            "sae.active blocks of sae.block latents must fit into sae.width",
            monotone=True,
        ),
        Rule(
            ("sae.merge_alike",),
            lambda alike: alike == 1,
            "sae.merge_alike must be 1: a latent of a block cannot be taken out alone",
        ),
    )
    kind: str = "block"
    block: int = Field(2, ge=2, le=64, description="Latents of a block.")
    active: int = Field(4, ge=1, le=4096, description="Blocks kept per sample.")
