"""Two images of one digit: changes that a digit survives, drawn for each image on its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional
from torchvision import tv_tensors
from torchvision.transforms import v2

ELASTIC_SIGMA = 4 / 28
BACKGROUND = 0.2


@dataclass(frozen=True)
class Motion:
    """How far images may move: a shift in sides, a turn in degrees, a scale 1 +- this, an elastic
    displacement (Simard et al. 2003) whose root mean square is half of this share of a side."""

    shift: float = 2 / 28
    degrees: float = 12.0
    scale: float = 0.1
    elastic: float = 0.03


SURVIVED = Motion()


def digit_view(images: torch.Tensor, mask: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each image moved and bent a little, over a background of its own: (b, h, w).

    No flips: a mirrored digit is another shape. images (b, h, w) of sides >= 4, mask bool (b, h, w).
    """
    view = v2.Compose([MovedDigit(generator), NoisyBackground(generator)])
    found: torch.Tensor = view(tv_tensors.Image(images), tv_tensors.Mask(mask))[0]
    return found.as_subclass(torch.Tensor)


class MovedDigit(v2.Transform):
    """Each image of a batch, and its mask, shifted, turned, scaled and bent within `motion`.

    A transform of torchvision's v2 family in place of RandomAffine and
    ElasticTransform, which draw once for a whole batch and from the global generator: views of one batch
    would all be moved alike, and a contrastive loss would have nothing to tell apart.
    """

    def __init__(self, generator: torch.Generator, motion: Motion = SURVIVED) -> None:
        super().__init__()
        self._generator, self._motion = generator, motion

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The grid at which the moved images read the given ones."""
        images = flat_inputs[0]
        return {"grid": motion_grid(images.as_subclass(torch.Tensor), self._motion, self._generator)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Images read bilinearly; of a mask, every pixel that any of its own pixels reaches."""
        grid = params["grid"]
        moved = sampled(inpt.as_subclass(torch.Tensor).to(grid), grid)
        is_mask = isinstance(inpt, tv_tensors.Mask)
        return tv_tensors.wrap(moved > 0 if is_mask else moved, like=inpt)


class NoisyBackground(v2.Transform):
    """Noise U[0, 0.2] under every pixel of an image (b, h, w) that is off its mask, which comes with it."""

    _transformed_types = (tv_tensors.Image, tv_tensors.Mask)

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self._generator = generator

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The noise, 0 on the mask."""
        image, mask = (given.as_subclass(torch.Tensor) for given in flat_inputs)
        noise = torch.rand(image.shape, generator=self._generator, device=image.device, dtype=image.dtype)
        return {"noise": (BACKGROUND * noise).masked_fill(mask, -math.inf)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The brighter of image and noise; masks as they are."""
        if isinstance(inpt, tv_tensors.Mask):
            return inpt
        return tv_tensors.wrap(torch.maximum(inpt.as_subclass(torch.Tensor), params["noise"]), like=inpt)


def moved(images: torch.Tensor, motion: Motion, generator: torch.Generator) -> torch.Tensor:
    """images (b, h, w), each shifted, turned, scaled and bent within `motion` by draws of its own."""
    return sampled(images, motion_grid(images, motion, generator))


def motion_grid(images: torch.Tensor, motion: Motion, generator: torch.Generator) -> torch.Tensor:
    """Where moved images (b, h, w) read the given ones, (b, h, w, 2); generator on their device."""
    n, *shape = images.shape
    draws = 2 * torch.rand(4, n, generator=generator, device=images.device) - 1
    grid = affine_grid(
        math.pi / 180 * motion.degrees * draws[0],
        1 + motion.scale * draws[1],
        2 * motion.shift * draws[2:].t(),
        torch.Size(shape),
    )
    if motion.elastic > 0:
        grid = grid + motion.elastic * _elastic(images.shape, generator, images.device)
    return grid.to(images.dtype)


def affine_grid(
    angles: torch.Tensor, scales: torch.Tensor, shifts: torch.Tensor, shape: torch.Size
) -> torch.Tensor:
    """Where each pixel of the moved images comes from, (b, h, w, 2) as x, y in [-1, 1].

    The image is turned by `angles` (b,) in radians (clockwise on the screen), scaled by `scales` (b,)
    about its middle, then shifted by `shifts` (b, 2) = x, y in half sides.
    """
    height, width = shape
    down, across = torch.meshgrid(_centres(height, angles), _centres(width, angles), indexing="ij")
    # Turning is done in pixels: [-1, 1] is another length across than down if the image is not square.
    x = (across - shifts[:, 0, None, None]) * width
    y = (down - shifts[:, 1, None, None]) * height
    cosine = (angles.cos() / scales)[:, None, None]
    sine = (angles.sin() / scales)[:, None, None]
    return torch.stack([(cosine * x + sine * y) / width, (cosine * y - sine * x) / height], dim=3)


def sampled(images: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """images (b, h, w) read at grid (b, h, w, 2), bilinear, 0 beyond the border: (b, h, w)."""
    read = functional.grid_sample(images.unsqueeze(1), grid, padding_mode="zeros", align_corners=False)
    return read.squeeze(1)


def _centres(size: int, like: torch.Tensor) -> torch.Tensor:
    """Middles of `size` pixels on [-1, 1]."""
    return (2 * torch.arange(size, device=like.device, dtype=like.dtype) + 1) / size - 1


def _elastic(shape: torch.Size, generator: torch.Generator, device: torch.device) -> torch.Tensor:
    """Smooth random displacement (b, h, w, 2) of root mean square 1: Gaussian noise under a wide blur."""
    n, height, width = shape
    # What is to be blurred over a seventh of a side needs no full resolution, and costs a fourth of it.
    rows, columns = (height + 1) // 2, (width + 1) // 2
    noise = torch.randn(n, 2, rows, columns, generator=generator, device=device)
    smooth = _blurred(noise, max(0.5, ELASTIC_SIGMA * min(rows, columns)))
    # About a mean of 0; Tensor.std takes ten times as long.
    spread = smooth.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    full = functional.interpolate(smooth / spread, (height, width), mode="bilinear")
    return full.permute(0, 2, 3, 1)


def _blurred(noise: torch.Tensor, sigma: float) -> torch.Tensor:
    """noise (b, c, h, w) under a Gaussian of `sigma` pixels, one direction after the other."""
    # The kernel may not reach further than reflection at the border allows.
    sizes = [min(2 * round(2 * sigma) + 1, 2 * ((side - 1) // 2) + 1) for side in noise.shape[2:]]
    down = v2.functional.gaussian_blur(noise, kernel_size=[1, sizes[0]], sigma=[sigma, sigma])
    across: torch.Tensor = v2.functional.gaussian_blur(down, kernel_size=[sizes[1], 1], sigma=[sigma, sigma])
    return across
