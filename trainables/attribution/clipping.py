"""Ways to keep a few large derivatives from ruling a map, and what they cost in completeness.

    map   A <- sign(A) min(|A|, q-quantile of the map's |A|)
    norm  g_s <- g_s min(1, c / |g_s|),  c = median over draws of |g_s|      (a robust mean)
    step  g_s <- sign(g_s) min(|g_s|, q-quantile of that draw's |g_s|)       (along a path: at every step)

norm and step break sum A = u(x) - u(x'), hence `completeness_residual`. No paper is followed here; the
variants change how concentrated a map is far more than where it lies, and are meant for ablations.
"""

from __future__ import annotations

import torch
from torch import Tensor


def clip_values(maps: Tensor, quantile: float) -> Tensor:
    """Maps (..., h, w) with |values| cut at the given quantile of each map's own."""
    limit = torch.quantile(maps.abs().flatten(-2), quantile, dim=-1)[..., None, None]
    return maps.clamp(-limit, limit)


def clip_norms(gradients: Tensor) -> Tensor:
    """Gradients (s, p, h, w), each scaled down to the median norm of its pair's s draws."""
    norms = gradients.flatten(2).norm(dim=2)
    # The mean of the two middle draws where s is even; torch.median would take the lower one.
    median = torch.quantile(norms, 0.5, dim=0)
    factor = torch.where(norms > median, median / norms.clamp(min=torch.finfo(norms.dtype).tiny), 1.0)
    return gradients * factor[..., None, None]


def completeness_residual(maps: Tensor, difference: Tensor) -> Tensor:
    """|sum A - (u(x) - u(x'))| / |u(x) - u(x')| per pair, (p,) >= 0; infinite where nothing differs.

    maps (p, h, w), difference (p,).
    """
    return (maps.flatten(1).sum(1) - difference).abs() / difference.abs()
