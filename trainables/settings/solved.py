"""Settings of the kinds whose codes are solved for: dictionary learning, NMF, semi-NMF."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.sae import SaeTrainingConfig


class SolvedSaeConfig(SaeTrainingConfig):
    """The weight of the penalty and how long the solver runs."""

    l1: float = Field(
        0.0, ge=0, le=1e4, description="Weight of sum |z| beside the summed squared error at E|x|^2 = d."
    )
    iterations: int = Field(
        10, ge=1, le=1000, description="Steps of the solver on each sample, after the encoder's guess."
    )


class DictionarySaeConfig(SolvedSaeConfig):
    """Online dictionary learning: codes are the sparse solution over the rows, not an encoder's guess."""

    implementation: ClassVar[str] = "trainables.saes.solved:DictionarySae"
    kind: str = "dictionary"
    l1: float = Field(
        1.0, ge=0, le=1e4, description="Weight of sum |z| beside the summed squared error at E|x|^2 = d."
    )


class NmfSaeConfig(SolvedSaeConfig):
    """Rows and codes >= 0: activations as sums of parts that are never taken away."""

    implementation: ClassVar[str] = "trainables.saes.solved:NmfSae"
    kind: str = "nmf"


class SemiNmfSaeConfig(SolvedSaeConfig):
    """Codes >= 0 over rows of any sign, as they explain most; meant for few latents."""

    implementation: ClassVar[str] = "trainables.saes.solved:SemiNmfSae"
    kind: str = "semi_nmf"
