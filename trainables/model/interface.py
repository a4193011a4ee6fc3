"""What galleries, metrics and exports ask of a classifier with an SAE."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class SupportsFeatures(Protocol):
    """A classifier and the SAE that reads its hidden layer."""

    def hidden(self, images: Tensor) -> Tensor:
        """Images (b, h, w) -> raw hidden activations (b, d)."""

    def head(self, h: Tensor) -> Tensor:
        """Hidden activations (b, d) -> logits (b, classes)."""

    def encode(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden activations (b, d) -> pre-activations u (b, f) and codes z (b, f) >= 0."""

    def decode(self, z: Tensor) -> Tensor:
        """Codes (b, f) -> reconstruction (b, d) in the raw activation space."""
