"""How sparse, how faithful and how alive a dictionary is.

Symbols: z codes (b, f) >= 0, h raw hidden activations (b, d), h_hat their reconstruction (b, d).
Sources: fraction of variance unexplained as the normalised error of Gao et al. 2024 (arXiv 2406.04093);
the two-pass form below avoids the cancellation and the squared-mean slip that published streaming forms have.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

RARE = 1e-3
DENSE = 0.5


def l0(z: Tensor) -> float:
    """Mean number of non-zero codes per sample; range [0, f]; 0 for an empty batch."""
    return float((z != 0).sum()) / max(z.shape[0], 1)


def fvu(h: Tensor, h_hat: Tensor) -> float:
    """sum |h - h_hat|^2 / sum |h - mean(h)|^2 over all samples and units; range [0, inf), no unit.

    The mean is that of the samples given, so predicting it scores exactly 1. Accumulated in float64.
    Constant activations leave nothing to explain: 1, the value of the mean predictor.
    """
    target = h.double()
    total = (target - target.mean(dim=0)).square().sum()
    if float(total) == 0.0:
        return 1.0
    return float((target - h_hat.double()).square().sum() / total)


@dataclass(frozen=True)
class FiringFractions:
    """Shares of all f latents, each in [0, 1]; `dead` is included in `rare`."""

    dead: float
    rare: float
    dense: float


def firing_counts(z: Tensor) -> Tensor:
    """Samples on which each latent's code is positive: (f,) int64."""
    return (z > 0).sum(dim=0)


def firing_fractions(counts: Tensor, n_samples: int) -> FiringFractions:
    """Dead (never), rare (< 0.1 % of samples) and dense (> 50 %) latents from their firing counts (f,)."""
    rate = counts.double() / max(n_samples, 1)
    return FiringFractions(
        dead=_share(counts == 0),
        rare=_share(rate < RARE),
        dense=_share(rate > DENSE),
    )


def alive_mask(counts: Tensor) -> Tensor:
    """True for the latents that fired at least once: (f,) bool."""
    return counts > 0


def _share(mask: Tensor) -> float:
    return float(mask.to(torch.float64).mean()) if mask.numel() else 0.0
