"""AuxK: latents that have not fired for long learn to explain what the others leave over.

Gao et al. 2024 (arXiv 2406.04093), section A.2, with three choices that small models need:
- The dead latents' raw pre-activations are used: behind a ReLU, a latent that is negative on every
  sample gets no gradient and stays dead.
- The residual is decoded without the decoder bias, which the reconstruction has in it already.
- r // 16 dead latents explain a sample, not r // 2. Here r // 2 is often more than there are dead
  ones; then all of them take part in every sample and become a dense basis of the residual, none of
  them a feature (digits, width 256, TopK 8: 25 % dead with r // 2, 12 % with r // 16, 28 % without AuxK).
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.saes.stacking import total


def wanted_latents(input_size: int) -> int:
    """Dead latents that explain a sample: max(1, r // 16)."""
    return max(1, input_size // 16)


def auxk_loss(residual: Tensor, u: Tensor, decoder: Tensor, dead: Tensor) -> Tensor:
    """r * mean_b |e - e^|^2 / Var(e) * min(n_dead / k, 1), a scalar >= 0, with k = max(1, r // 16).

    residual e (b, r), taken as a constant; u (b, f); decoder W_dec (f, r); dead: indices of the dead
    latents (n_dead,), at least one. e^ = u_k W_dec, u_k the min(k, n_dead) largest u of dead latents.
    Var(e) is summed over r. The factor r puts the loss on the scale of the squared error at E|x|^2 = r.
    A batch without variance in its residual contributes 0.
    """
    residual = residual.detach()
    input_size = residual.shape[1]
    wanted = wanted_latents(input_size)
    candidates = u[:, dead]
    n_dead = candidates.shape[1]
    largest = candidates.topk(min(wanted, n_dead), dim=1, sorted=False).indices
    kept = torch.zeros_like(candidates).scatter_(1, largest, 1.0)
    explained = (candidates * kept) @ decoder[dead]
    error = (residual - explained).square().sum(1).mean()
    variance = (residual - residual.mean(0)).square().sum(1).mean()
    share = min(n_dead / wanted, 1.0)
    loss = input_size * share * error / variance.clamp(min=1e-12)
    return torch.where(variance > 0, loss, torch.zeros_like(loss))


def stacked_auxk_loss(residual: Tensor, u: Tensor, decoder: Tensor, dead: Tensor) -> Tensor:
    """`auxk_loss` of each of S SAEs, (S, 1, 1); 0 for one without dead latents.

    residual (S, b, r), u (S, b, f), decoder (S, f, r), dead (S, 1, f) bool. No shape depends on how many are
    dead, and nothing is read back from the device, so that a CUDA graph can hold it.
    """
    residual = residual.detach()
    input_size = residual.shape[-1]
    wanted = wanted_latents(input_size)
    with torch.no_grad():
        candidates = torch.where(dead, u, -torch.inf)
        largest = candidates.topk(min(wanted, u.shape[-1]), dim=-1, sorted=False)
    # Where fewer are dead than wanted, the rest of the largest are -inf.
    chosen = u.gather(-1, largest.indices) * (largest.values > -torch.inf)
    explained = torch.zeros_like(u).scatter_(-1, largest.indices, chosen) @ decoder
    rows = residual.shape[-2]
    error = total((residual - explained).square()) / rows
    variance = total((residual - residual.mean(-2, keepdim=True)).square()) / rows
    share = (dead.sum(-1, keepdim=True) / wanted).clamp(max=1.0)
    loss = input_size * share * error / variance.clamp(min=1e-12)
    return torch.where(variance > 0, loss, torch.zeros_like(loss))
