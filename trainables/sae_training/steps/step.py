"""What a gradient step of an SAE's training is asked and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True)
class Outcome:
    """Of one step: total loss, mean |x - x^|^2 and mean number of codes, together (3,); and which latents
    fired (f,) bool."""

    figures: Tensor
    fired: Tensor


class Step(Protocol):
    """Ways to take the same step, up to rounding; they keep Adam's moments in the same optimiser."""

    def take(self, x: Tensor, rate: float, penalty_factor: float, dead: Tensor | None) -> Outcome:
        """Change the SAE by one gradient step on inputs x (b, r).

        penalty_factor multiplies the kind's penalty; dead (n,) are the latents that AuxK is to revive, None
        or empty for none.
        """
        ...
