"""What became of a trial, as its marks show it in every chart."""

from __future__ import annotations

from typing import Literal

Fate = Literal["pruned", "infeasible", "ranked", "default", "front"]
ORDER: tuple[Fate, ...] = ("pruned", "infeasible", "ranked", "default", "front")
"""In which marks are drawn: what matters lies above the rest."""
