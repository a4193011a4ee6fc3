"""How some latents read the hidden layer, without the rest of the SAE.

Where the encoder alone gives pre-activations, they are affine in h whatever the basis: u_j = h a_j + c_j.
Attribution asks for u_j hundreds of thousands of times, and the other latents' would be most of the work.
Kinds that solve for their codes, or correct them, are read whole.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from trainables.attribution.attribution import Latents
from trainables.model.feature_model import FeatureModel


class Reading:
    """images -> pre-activations of chosen latents of a model."""

    def __init__(self, model: FeatureModel, hidden_size: int) -> None:
        self._model = model
        self._map = reading_map(model, hidden_size) if model.sae.reads_at_once else None

    def of(self, latents: Tensor) -> Latents:
        """images (b, h, w) -> u (b, l) of latents (l,)."""
        model = self._model
        if self._map is None:
            return lambda images: model.encode(model.hidden(images))[0][:, latents]
        weights, bias = (values[..., latents].float() for values in self._map)
        return lambda images: torch.addmm(bias, model.hidden(images), weights)


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


def _finite(values: Tensor) -> Tensor:
    return torch.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
