"""Which latents fire for the colour of the background rather than for a shape: codes of x and of 1 - x.

An inverted digit has the same shape on a bright ground. Over n images,
    C_j = ((mean z_j(x) - mean z_j(1 - x)) / 2)^2      what the ground's colour explains of the code,
    S_j = (Var z_j(x) + Var z_j(1 - x)) / 2            what is left for shapes within one colour,
and latent j is a colour latent if C_j > S_j. A sparse stroke detector that is merely silent on 1 - x is
none: at a firing rate r and one size of code, C / S = r / (2 (1 - r)). One that fires on bright ground
whatever is drawn on it is. The gap is the share of colour latents among those alive, in [0, 1], 0 best.
No paper is followed here.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.batches import in_batches


@torch.no_grad()
def colour_share(codes: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """C / (C + S) per latent, (f,) float64 in [0, 1]; 0 for a code that is the same everywhere.

    codes: images (b, h, w) -> z (b, f); a latent's scale cancels.
    """
    plain, inverted = (_moments(codes, images, inverse=inverse) for inverse in (False, True))
    colour = ((plain[0] - inverted[0]) / 2).square()
    total = colour + (plain[1] + inverted[1]) / 2
    return torch.where(total > 0, colour / torch.where(total > 0, total, 1.0), 0.0)


def colour_gap(codes: Callable[[Tensor], Tensor], alive: Tensor, images: Tensor) -> float | None:
    """Share of the latents alive (f,) that are colour latents; None if none is."""
    share = colour_share(codes, images)[alive]
    return float((share > 0.5).double().mean()) if share.numel() else None


def _moments(codes: Callable[[Tensor], Tensor], images: Tensor, *, inverse: bool) -> tuple[Tensor, Tensor]:
    """Mean and population variance of every code over the images or their inverses, (f,) float64 each."""
    z = in_batches(lambda part: codes(1 - part if inverse else part), images).double()
    return z.mean(dim=0), z.var(dim=0, correction=0)
