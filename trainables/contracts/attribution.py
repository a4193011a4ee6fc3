"""What an attribution method promises."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.attribution.settings import AttributionConfig
from trainables.contracts.promise import generator, holds

SIDE = 8


def check_attribution(config: AttributionConfig) -> None:
    """A finite map of each image's shape, the same for the same generator, of its own pair alone; and nothing
    where a latent does not look at the image at all."""
    images = torch.rand(6, SIDE, SIDE, generator=generator(0)) ** 3
    weights = torch.randn(SIDE * SIDE, 3, generator=generator(1))
    columns = torch.arange(6) % 3

    def latents(x: Tensor) -> Tensor:
        u = x.flatten(1) @ weights.to(x)
        # The second latent is blind.
        return torch.stack((u[:, 0].relu(), 0 * u[:, 1] + 0.5, u[:, 2].square()), dim=1)

    def maps(pairs: slice = slice(None)) -> Tensor:
        method = config.load_implementation()(config, images, generator(2))
        found: Tensor = method(latents, images[pairs], columns[pairs])
        return found

    found = maps()
    holds(found.shape == images.shape, f"maps have shape {tuple(found.shape)}, not that of the images")
    holds(found.isfinite().all(), "a map is not finite")
    torch.manual_seed(99)
    holds(torch.equal(maps(), found), "the same generator gives other maps")
    alone = torch.cat([maps(slice(i, i + 1)) for i in range(6)])
    holds(torch.allclose(alone, found, rtol=1e-4, atol=1e-5), "a map depends on the pairs beside it")
    holds((found[columns == 1] == 0).all(), "a latent that does not look at the image has a map")
    holds(not found.requires_grad, "maps are part of a graph")
    holds(method_cost(config) >= 1, "its cost is less than one image a map")


def method_cost(config: AttributionConfig) -> int:
    """Images that one map costs."""
    made = config.load_implementation()(config, torch.zeros(2, SIDE, SIDE), generator(0))
    return int(made.cost)
