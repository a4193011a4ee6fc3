"""AuxK: latents that have not fired for long learn to explain what the others leave over.

Gao et al. 2024 (arXiv 2406.04093), section A.2, with two choices that small models need: the dead latents'
raw pre-activations are used (behind a ReLU a latent that is negative everywhere gets no gradient
and stays dead), and the residual is decoded without the decoder bias (it is in the reconstruction already).
"""

from __future__ import annotations

import torch
from torch import Tensor


def auxk_loss(residual: Tensor, u: Tensor, decoder: Tensor, dead: Tensor) -> Tensor:
    """mean_b |e - e^|^2 / Var(e) times min(n_dead / (r // 2), 1), a scalar >= 0.

    residual e (b, r) is taken as a constant; e^ = u_k W_dec over the min(r // 2, n_dead) dead latents
    with the largest u (b, f); dead are their indices (n_dead,), at least one. Var(e) is summed over r. A batch
    without variance in its residual contributes 0.
    """
    residual = residual.detach()
    wanted = max(1, residual.shape[1] // 2)
    candidates = u[:, dead]
    n_dead = candidates.shape[1]
    largest = candidates.topk(min(wanted, n_dead), dim=1, sorted=False).indices
    kept = torch.zeros_like(candidates).scatter_(1, largest, 1.0)
    explained = (candidates * kept) @ decoder[dead]
    error = (residual - explained).square().sum(1).mean()
    variance = (residual - residual.mean(0)).square().sum(1).mean()
    share = min(n_dead / wanted, 1.0)
    return torch.where(variance > 0, share * error / variance.clamp(min=1e-12), torch.zeros_like(error))
