"""Settings of the consensus dictionary."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.sae import KSaeTrainingConfig


class ConsensusSaeConfig(KSaeTrainingConfig):
    """TopK codes over the directions that dictionaries of several seeds and kinds agree on."""

    implementation: ClassVar[str] = "trainables.saes.consensus:ConsensusSae"
    kind: str = "consensus"
    members: int = Field(
        4, ge=2, le=16, description="Dictionaries that are asked, topk and batch_topk in turn."
    )
    member_epochs: int = Field(20, ge=1, le=1000, description="Passes over the samples of each member.")
