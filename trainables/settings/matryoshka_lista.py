"""Settings of the Matryoshka SAE in its best published form."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from trainables.settings.sae import MatryoshkaSaeConfig


class MatryoshkaListaSaeConfig(MatryoshkaSaeConfig):
    """Matryoshka with a LISTA step, sorted prefixes that train their own latents, and a tilted loss."""

    implementation: ClassVar[str] = "trainables.saes.matryoshka_lista:MatryoshkaListaSae"
    kind: str = "matryoshka_lista"
    k_anneal: float = Field(
        0.5, ge=0, le=1, description="Share of steps over which k falls from the input size to its value."
    )
    lista_step: float = Field(
        0.3, ge=0, le=1, description="How far the encoder's second pass corrects the first; 0 is one pass."
    )
    tilt: float = Field(
        0.0, ge=0, le=10, description="How much more badly explained samples count; 0: all the same."
    )
    detach_inner: bool = Field(True, description="Whether a prefix trains only the latents that it adds.")
