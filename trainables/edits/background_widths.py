"""How strong the noise on the background is, where junk is measured and where it is trained against.

A network may learn to ignore one strength and no other. So junk is measured at several widths, and penalties
train at widths between those, none of which is near one that is measured.
"""

from __future__ import annotations

import torch
from torch import Tensor

NARROWEST, WIDEST = 0.02, 1.0
COUNT = 8
# 8 widths, the middles of equal parts of the logarithm between narrowest and widest.
MEASURED = tuple(NARROWEST * (WIDEST / NARROWEST) ** ((s + 0.5) / COUNT) for s in range(COUNT))


def training_widths(count: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """(count,) widths in [0.02, 1], uniform in their logarithm over what lies at least a quarter of the step
    between neighbours of MEASURED away from each of them: the outer halves of the equal parts."""
    place = COUNT * torch.rand(count, generator=generator, device=like.device, dtype=like.dtype)
    part, within = place.floor(), place.frac()
    outer = torch.where(within < 0.5, within / 2, (1 + within) / 2)
    return NARROWEST * (WIDEST / NARROWEST) ** ((part + outer) / COUNT)
