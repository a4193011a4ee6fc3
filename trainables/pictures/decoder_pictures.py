"""The decoder direction of a latent, shown in pixels.

The SAE reads a hidden layer, so its decoder row d_j lies there and not among the pixels. What is shown is
the mean, over images, of the gradient of the movement along it:

    T_j = 1/n sum_i  d <d_j / |d_j|, h(x_i)> / dx_i  =  J^T d_j / |d_j|,   J = 1/n sum_i dh/dx (x_i)

that is how far more light in a pixel moves h along the direction that the latent writes. d_j is the row in
the raw activation space, behind the basis. J is a mean over images because h is only piecewise linear:
on one image half of its units may be silent. Where h is linear in x, as far as those images see, T_j is
the first layer's weights summed by d_j.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.attribution.attribution import IMAGES_AT_ONCE
from trainables.model.decoder_rows import decoder_rows
from trainables.model.feature_model import FeatureModel


def templates(model: FeatureModel, images: Tensor, latents: Tensor | None = None) -> Tensor:
    """T (f, h, w), or (l, h, w) for the given latents (l,), from images (n, h, w); 0 where d_j is 0.

    256 images are enough: on MNIST the cosine of their T with that of 4,096 is above 0.99 for every latent.
    """
    directions = decoder_directions(model, latents)
    d = directions.shape[1]
    if len(directions) <= d:
        return _mean_pullback(model, images, directions)
    units = torch.eye(d, dtype=directions.dtype, device=directions.device)
    return torch.einsum("fd,dhw->fhw", directions, _mean_pullback(model, images, units))


@torch.no_grad()
def decoder_directions(model: FeatureModel, latents: Tensor | None = None) -> Tensor:
    """Unit decoder rows (l, d) in the raw activation space; a row of length 0 stays 0."""
    rows = decoder_rows(model, len(model.sae.decoder), model.sae.decoder.device)
    return F.normalize(rows if latents is None else rows[latents], dim=1)


def _mean_pullback(model: FeatureModel, images: Tensor, directions: Tensor) -> Tensor:
    """Mean over images of d <direction, h(x)> / dx: (m, h, w) of directions (m, d)."""
    sums = images.new_zeros(len(directions), *images.shape[1:])
    for part in images.split(IMAGES_AT_ONCE):
        with torch.enable_grad():
            x = part.detach().requires_grad_()
            moved = (model.hidden(x) @ directions.T).sum(dim=0)
            for j in range(len(directions)):
                (gradient,) = torch.autograd.grad(moved[j], x, retain_graph=True)
                sums[j] += gradient.sum(dim=0)
    return sums / max(1, len(images))
