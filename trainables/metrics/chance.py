"""How far a value is from its chance level."""

from __future__ import annotations


def above_chance(value: float, chance: float) -> float:
    """(value - chance) / (1 - chance): 0 at chance, 1 at perfection; 0 where chance is already perfect."""
    return (value - chance) / (1 - chance) if chance < 1 else 0.0
