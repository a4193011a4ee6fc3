"""Dead latents start anew from samples that the others explain badly.

Bricken et al. 2023, "Towards Monosemanticity", appendix on neuron resampling; except for the length of the
new encoder columns, see `RESTART_LENGTH`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from trainables.saes.sparse_autoencoder import SparseAutoencoder

# Samples whose errors are looked at.
ROWS = 8192


def resampling_steps(times: int, steps: int) -> frozenset[int]:
    """The steps (from 0) before which latents are resampled: `times` of them, evenly spread over the first
    half of the training, so that the second can repair what they disturb; fewer where steps are fewer."""
    return frozenset(round(i * steps / (2 * times)) for i in range(1, times + 1)) - {0}


@torch.no_grad()
def resample(
    sae: SparseAutoencoder,
    optimiser: torch.optim.Optimizer,
    x: Tensor,
    dead: Tensor,
    generator: torch.Generator,
) -> None:
    """Restart latents `dead` (m,) along train inputs of x (n, r), drawn with probability ~ |x - x^|^4, the
    squared loss of each, and forget what Adam knows of them."""
    rows = torch.randperm(len(x), generator=generator)[:ROWS].to(x.device)
    candidates = x[rows]
    weights = sae(candidates).residual.square().sum(1).square().double().cpu()
    if not bool(weights.sum() > 0) or not bool(weights.isfinite().all()):
        return
    enough = int((weights > 0).sum()) >= len(dead)
    chosen = torch.multinomial(weights, len(dead), replacement=not enough, generator=generator)
    samples = candidates[chosen.to(x.device)] - sae.decoder_bias
    sae.restart(dead, normalize(samples, dim=1))
    _forget(sae, optimiser, dead)


def _forget(sae: SparseAutoencoder, optimiser: torch.optim.Optimizer, latents: Tensor) -> None:
    """Adam's moments of the latents' own weights become 0."""
    for name, parameter in sae.named_parameters():
        if name in sae.OF_NO_LATENT or parameter not in optimiser.state:
            continue
        for moment in ("exp_avg", "exp_avg_sq"):
            values = optimiser.state[parameter][moment]
            if name == "encoder":
                values[:, latents] = 0.0
            else:
                values[latents] = 0.0
