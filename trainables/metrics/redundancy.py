"""How alike the rows of a decoder are, beside as many random directions in as many dimensions.

Random directions are alike too: the largest cosine of one among 1024 in 32 dimensions is 0.54. That
chance is no simulation: with n others in r dimensions and F the distribution of one cosine,
    F(t) = (1 + sign(t) I_{t^2}(1/2, (r - 1)/2)) / 2,      E max = 1 - integral_{-1}^{1} F(t)^n dt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import betainc
from torch import Tensor

CHUNK = 1024
_POINTS = 20_001
_RANK_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Redundancy:
    """Mean over alive rows of the largest cosine to another alive row, in [-1, 1], and its chance."""

    value: float
    null: float

    @property
    def skill(self) -> float:
        """(null - value) / null: 0 = as random directions, 1 = orthogonal rows; 0 without a chance level."""
        return (self.null - self.value) / self.null if self.null > 0 else 0.0


def redundancy(rows: Tensor, alive: Tensor) -> Redundancy:
    """Redundancy of decoder rows (f, d) with alive (f,). Of fewer than two alive rows it is the null, 0."""
    unit = F.normalize(rows[alive], dim=1)
    if len(unit) < 2:
        return Redundancy(0.0, 0.0)
    largest = []
    for at in torch.arange(len(unit), device=rows.device).split(CHUNK):
        cosines = unit[at] @ unit.T
        cosines[torch.arange(len(at), device=at.device), at] = -1.0
        largest.append(cosines.amax(dim=1))
    value = float(torch.cat(largest).double().mean())
    return Redundancy(value, expected_largest_cosine(len(unit) - 1, rank(rows)))


def rank(rows: Tensor) -> int:
    """Dimensions that the rows (f, d) span, at least 1: a basis of r components leaves no more than r."""
    gram = rows.double().T @ rows.double()
    sizes = torch.linalg.eigvalsh(gram.cpu())
    return max(1, int((sizes > _RANK_TOLERANCE * sizes[-1]).sum()))


def expected_largest_cosine(others: int, dimensions: int) -> float:
    """E max over `others` random unit vectors of their cosine to a fixed one, in [0, 1); exact to 1e-6."""
    if dimensions == 1:
        return 1.0 - 2.0 * 0.5**others
    # Points crowd towards the ends, where F bends.
    t = np.sin(np.linspace(-np.pi / 2, np.pi / 2, _POINTS))
    below = (1 + np.sign(t) * betainc(0.5, (dimensions - 1) / 2, t**2)) / 2
    return float(1 - np.trapezoid(below**others, t))
