"""Whether another seed finds the same directions: the best one-to-one matching of two decoders.

    pw_mcc = max over matchings of the mean cosine of matched rows      (Song et al. 2025, arXiv 2505.20254)
Only two SAEs of one hidden layer can be compared so: the axes of two classifiers have nothing in common.
Chance is large in few dimensions (0.4 for 64 rows in 32): it is the same matching of random directions, as
many and in as many dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from trainables.metrics.chance import above_chance
from trainables.metrics.redundancy import rank

NULL_DRAWS = 3


@dataclass(frozen=True)
class Stability:
    """Mean matched cosine, in [-1, 1], and the same of random directions."""

    value: float
    null: float

    @property
    def skill(self) -> float:
        """0 = as random directions, 1 = the same dictionary."""
        return above_chance(self.value, self.null)


def pw_mcc(first: Tensor, first_alive: Tensor, second: Tensor, second_alive: Tensor, seed: int) -> Stability:
    """Stability of decoders (f, d) and (g, d) in one activation space, alive rows (f,), (g,) only.

    The sum over matched pairs is divided by the larger number of alive rows, so that a row without a
    partner counts 0. Time grows with the third power of that number: 512 rows take 0.1 s.
    Where either has no alive row the value is the null, 0.
    """
    a, b = first[first_alive], second[second_alive]
    if not (len(a) and len(b)):
        return Stability(0.0, 0.0)
    dimensions = rank(torch.cat([first, second]))
    generator = torch.Generator().manual_seed(seed)
    draws = [
        matched_cosine(
            torch.randn(len(a), dimensions, generator=generator),
            torch.randn(len(b), dimensions, generator=generator),
        )
        for _ in range(NULL_DRAWS)
    ]
    return Stability(matched_cosine(a, b), sum(draws) / NULL_DRAWS)


def matched_cosine(first: Tensor, second: Tensor) -> float:
    """Sum of cosines under the best matching of rows (a, d) with rows (b, d), over max(a, b)."""
    cosines = (F.normalize(first, dim=1) @ F.normalize(second, dim=1).T).double().cpu().numpy()
    rows, columns = linear_sum_assignment(cosines, maximize=True)
    return float(cosines[rows, columns].sum() / max(cosines.shape))
