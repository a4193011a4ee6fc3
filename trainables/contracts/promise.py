"""How a broken promise is told, and what is random."""

from __future__ import annotations

import torch


def holds(condition: object, sentence: str) -> None:
    """AssertionError with the sentence where the condition does not hold."""
    if not condition:
        raise AssertionError(sentence)


def generator(seed: int) -> torch.Generator:
    """A generator on the CPU."""
    return torch.Generator().manual_seed(seed)
