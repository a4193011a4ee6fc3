"""Hidden activations that point where a target points: how an SAE's codes become a training signal.

The auxiliary term of SAE-ception (NeurIPS 2025 workshop on mechanistic interpretability).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import torch

# A shorter activation counts as this long. Units that all but fall silent would otherwise have gradients
# without bound, and one such image would spoil Adam's moments.
SHORTEST = 1e-3


def cosine_distance(hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """mean_b(1 - h.t / (|h| |t|)) of h and t, both (b, d): a scalar in [0, 2].

    A target of length 0 has no direction: it costs 1 and pulls nowhere.
    """
    lengths = hidden.norm(dim=1).clamp(min=SHORTEST) * targets.norm(dim=1).clamp(min=SHORTEST)
    return (1 - (hidden * targets).sum(dim=1) / lengths).mean()


class CosineTarget:
    """weight * cosine_distance to one target for every train image, computed when first asked for."""

    def __init__(self, weight: float, targets: Callable[[], torch.Tensor]) -> None:
        self.weight = weight
        self._compute = targets

    @cached_property
    def targets(self) -> torch.Tensor:
        """t (n, d), in the order of the train images."""
        return self._compute()

    def __call__(self, hidden: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """The term for h (b, d) of the train images `rows` (b,)."""
        return self.weight * cosine_distance(hidden, self.targets[rows])
