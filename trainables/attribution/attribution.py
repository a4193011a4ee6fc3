"""What every attribution method offers: maps of pre-activations over pixels, batched over pairs.

A pair is an image x and a latent j; the map of u_j at x has the image's shape and a sign. Pre-activations u
rather than codes z are attributed: a gated latent has no gradient, and the gate of a TopK code hangs on the
other latents. Whatever a method draws at random is drawn once and shared by all pairs, so that a map
depends neither on the batch nor on the latents beside it, and maps of two latents can be compared.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from trainables.attribution.settings import AttributionConfig

# images (b, h, w) -> pre-activations (b, f); row i must depend on image i alone.
Latents = Callable[[Tensor], Tensor]
# Images in one forward and backward pass.
IMAGES_AT_ONCE = 2048


class Attribution:
    """A method with its settings.

    data (n, h, w) gives baselines, shape and device; whatever is drawn comes from `generator`, on the CPU.
    """

    # Images that one map costs.
    cost: int = 1

    def __init__(self, settings: AttributionConfig, data: Tensor, generator: torch.Generator) -> None:
        raise NotImplementedError

    def __call__(self, latents: Latents, images: Tensor, columns: Tensor) -> Tensor:
        """Signed maps (p, h, w) of u_{columns[i]} at images[i]; images (p, h, w), columns (p,) int64."""
        size = max(1, IMAGES_AT_ONCE // self.cost)
        parts = [
            self.maps(latents, some_images, some_columns)
            for some_images, some_columns in zip(images.split(size), columns.split(size), strict=True)
        ]
        return torch.cat(parts) if parts else torch.zeros_like(images)

    def maps(self, latents: Latents, images: Tensor, columns: Tensor) -> Tensor:
        """The same for as many pairs as fit into memory at once."""
        raise NotImplementedError


def picked(latents: Latents, images: Tensor, columns: Tensor) -> Tensor:
    """The pre-activations u_{columns[i]}(images[i]) of p pairs: (p,)."""
    return latents(images).gather(1, columns[:, None])[:, 0]


def input_gradients(latents: Latents, images: Tensor, columns: Tensor) -> Tensor:
    """d u_{columns[i]} / d images[i]: (p, h, w), detached; the weights' own gradients stay untouched."""
    with torch.enable_grad():
        x = images.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(picked(latents, x, columns).sum(), x)
    return gradient
