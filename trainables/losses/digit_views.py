"""Two images of one digit: changes that a digit survives, drawn for each image on its own."""

from __future__ import annotations

import math

import torch
from torch.nn import functional
from torchvision.transforms.v2 import functional as transforms

SHIFT = 2 / 28
DEGREES = 12.0
SCALE = 0.1
ELASTIC = 0.03
ELASTIC_SIGMA = 4 / 28
BACKGROUND = 0.2


def digit_view(images: torch.Tensor, mask: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each image shifted, turned, scaled and bent a little, over a background of its own: (b, h, w).

    Shift up to 2/28 of a side, +-12 degrees, scale 0.9 to 1.1, elastic displacement (Simard et al. 2003)
    of about 1.5 % of a side, noise U[0, 0.2] off the moved stroke mask. No flips: a mirrored
    digit is another shape. torchvision's own v2 classes draw from the global generator and once for a
    whole batch; here all is drawn from `generator`, on the images' device, for each image.
    images (b, h, w) of sides >= 4, mask bool (b, h, w).
    """
    n = len(images)
    draws = 2 * torch.rand(4, n, generator=generator, device=images.device) - 1
    grid = affine_grid(
        math.pi / 180 * DEGREES * draws[0], 1 + SCALE * draws[1], 2 * SHIFT * draws[2:].t(), images.shape[1:]
    )
    grid = grid + _elastic(images.shape, generator, images.device)
    moved = sampled(images, grid.to(images))
    inside = sampled(mask.to(images), grid.to(images)) > 0
    noise = torch.rand(images.shape, generator=generator, device=images.device, dtype=images.dtype)
    return torch.where(inside, moved, torch.maximum(moved, BACKGROUND * noise))


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
    """Smooth random displacement (b, h, w, 2) in half sides, from Gaussian noise under a wide blur."""
    n, height, width = shape
    # What is to be blurred over a seventh of a side needs no full resolution, and costs a fourth of it.
    rows, columns = (height + 1) // 2, (width + 1) // 2
    noise = torch.randn(n, 2, rows, columns, generator=generator, device=device)
    smooth = _blurred(noise, max(0.5, ELASTIC_SIGMA * min(rows, columns)))
    # About a mean of 0; Tensor.std takes ten times as long.
    spread = smooth.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    full = functional.interpolate(ELASTIC * smooth / spread, (height, width), mode="bilinear")
    return full.permute(0, 2, 3, 1)


def _blurred(noise: torch.Tensor, sigma: float) -> torch.Tensor:
    """noise (b, c, h, w) under a Gaussian of `sigma` pixels, one direction after the other."""
    # The kernel may not reach further than reflection at the border allows.
    sizes = [min(2 * round(2 * sigma) + 1, 2 * ((side - 1) // 2) + 1) for side in noise.shape[2:]]
    down = transforms.gaussian_blur(noise, kernel_size=[1, sizes[0]], sigma=[sigma, sigma])
    across: torch.Tensor = transforms.gaussian_blur(down, kernel_size=[sizes[1], 1], sigma=[sigma, sigma])
    return across
