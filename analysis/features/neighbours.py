"""Which other latents write the same direction, and which fire together."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.features.feature import N_NEIGHBOURS, Neighbour
from analysis.features.observed import Observed


@torch.no_grad()
def cosines(observed: Observed, latents: Tensor) -> Tensor:
    """Cosine of decoder rows in the raw activation space, (l, f) float64; NaN with a row of length 0."""
    lengths = observed.decoder.norm(dim=1, keepdim=True)
    unit = torch.where(lengths > 0, F.normalize(observed.decoder.double(), dim=1), torch.nan)
    return unit[latents] @ unit.T


@torch.no_grad()
def correlations(observed: Observed, latents: Tensor) -> Tensor:
    """Pearson correlation of codes over the split, (l, f) float64; NaN with a code that does not vary."""
    mean = torch.stack([z.double().sum(dim=0) for _, z in observed.encoded()]).sum(dim=0) / len(observed)
    products = torch.zeros(len(latents), observed.n_latents, dtype=torch.float64, device=observed.device)
    squares = torch.zeros(observed.n_latents, dtype=torch.float64, device=observed.device)
    for _, z in observed.encoded():
        centred = z.double() - mean
        products += centred[:, latents].T @ centred
        squares += centred.square().sum(dim=0)
    # What is left of a constant after rounding is no variation.
    lengths = torch.where(squares > 1e-12 * len(observed) * mean.square(), squares, torch.nan).sqrt()
    return products / lengths[latents][:, None] / lengths


def nearest(values: Tensor, latent: int) -> tuple[Neighbour, ...]:
    """The 5 other latents with the largest of values (f,), largest first, the lower number if equal."""
    comparable = torch.nan_to_num(values, nan=-torch.inf)
    comparable[latent] = -torch.inf
    order = comparable.argsort(descending=True, stable=True)[:N_NEIGHBOURS].tolist()
    return tuple(Neighbour(j, float(values[j])) for j in order if comparable[j] > -torch.inf)
