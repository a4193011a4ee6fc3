"""Enough: half of the ink, where the latent looks, keeps it on; as much ink elsewhere does not.

kept = rank of z(part alone), on black, over that of z(x), at most 1 (`exhibits`). Passed if its mean is >= .5
and >= .2 above that of a random blob with as much ink. margin = (part - blob) / .6.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.validity.exhibits import Exhibits
from trainables.validity.outcome import Outcome, ramp

KEPT = 0.5
ABOVE = 0.2


def measure(seen: Exhibits, part: Tensor, random: Tensor) -> Tensor:
    """What part and blob (m, s, h, w) keep, per latent and image: (m, s, 2) float64 in [0, 1]."""
    alone = seen.pictures[:, :, None] * torch.stack([part, random], dim=2)
    return seen.kept(alone)


def judge(means: Tensor) -> Outcome:
    """Judge by means (m, 2) of part and blob."""
    part, random = means.unbind(dim=1)
    above = part - random
    return Outcome((part >= KEPT) & (above >= ABOVE), ramp(above, 0, 0.6), {"part": part, "blob": random})
