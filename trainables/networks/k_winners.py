"""Activation of which only the k largest hidden units of an image stay: k-winners-take-all."""

from __future__ import annotations

import torch


def k_winners(activations: torch.Tensor, k: int) -> torch.Tensor:
    """The k largest activations of every image as they are, the others 0 (Makhzani & Frey 2013).

    activations (b, d) >= 0 -> (b, d), at most k non-zero per image; k = 0 (or k >= d) keeps all. The
    gradient reaches the winners alone. Among equals at the threshold, exactly as many as fit are kept.
    """
    if k == 0 or k >= activations.shape[1]:
        return activations
    winners = activations.topk(k, dim=1).indices
    keep = torch.zeros_like(activations, dtype=torch.bool).scatter_(1, winners, True)
    return activations * keep
