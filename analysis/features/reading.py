"""How some latents read the hidden layer, without the rest of the SAE.

Pre-activations are affine in h whatever the basis and the kind of SAE: u_j = h a_j + c_j. Attribution asks
for u_j hundreds of thousands of times, and the other latents' would be most of the work.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from trainables.attribution.attribution import Latents
from trainables.model.feature_model import FeatureModel


@torch.no_grad()
def reading_map(model: FeatureModel, hidden_size: int) -> tuple[Tensor, Tensor]:
    """a (d, f) and c (f,) in float64, of u = h a + c.

    What is not finite becomes 0: a NaN in one latent's column would, times 0, be in everybody's gradient.
    """
    basis, sae = copy.deepcopy(model.basis).double(), copy.deepcopy(model.sae).double()
    points = torch.zeros(hidden_size + 1, hidden_size, dtype=torch.float64, device=model.sae.decoder.device)
    points[1:].fill_diagonal_(1.0)
    u = sae.encode(basis.encode(points))[0]
    return _finite(u[1:] - u[0]), _finite(u[0])


def reader(model: FeatureModel, a: Tensor, c: Tensor) -> Latents:
    """images (b, h, w) -> u (b, l) of the latents whose columns a (d, l) and c (l,) of the map are."""
    weights, bias = a.float(), c.float()
    return lambda images: torch.addmm(bias, model.hidden(images), weights)


def _finite(values: Tensor) -> Tensor:
    return torch.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
