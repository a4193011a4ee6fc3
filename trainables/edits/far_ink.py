"""Ink where no part of a digit can be: beyond the hull of its strokes."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.data.convex_hull import filled_hull
from trainables.data.stroke_mask import stroke_mask

# Pixels around the strokes that still count as theirs.
MARGIN = 2
# Share of the images that get another image's ink; the others get salt, on 3 to 15 % of the pixels.
INKED_SHARE = 0.7
LEAST_SALT, MOST_SALT = 0.03, 0.15


def far_from_strokes(images: Tensor) -> Tensor:
    """Pixels outside the convex hull of the strokes grown by 2 steps: bool (b, h, w) of images (b, h, w)."""
    return ~filled_hull(stroke_mask(images, MARGIN))


def with_far_ink(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each of images (b, h, w) with full-strength ink beyond its strokes' hull, the rest as it is.

    70 % (at random) get the ink of another image of the batch, moved round the image by a random shift, the
    others salt: pixels of value 1. generator: on the images' device. Nothing is weakened: what a threshold
    could hide says nothing of what real ink does.
    """
    n, height, width = images.shape
    device = images.device
    other = int(torch.randint(1, max(2, n), (1,), generator=generator, device=device))
    foreign = shifted_round(
        images.roll(other, dims=0),
        torch.randint(height, (n,), generator=generator, device=device),
        torch.randint(width, (n,), generator=generator, device=device),
    )
    share = LEAST_SALT + (MOST_SALT - LEAST_SALT) * torch.rand(n, 1, 1, generator=generator, device=device)
    salt = (torch.rand(images.shape, generator=generator, device=device) < share).to(images)
    inked = torch.rand(n, 1, 1, generator=generator, device=device) < INKED_SHARE
    pasted = torch.maximum(images, torch.where(inked, foreign, salt))
    return torch.where(far_from_strokes(images), pasted, images)


def shifted_round(images: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Each of images (b, h, w) rolled by `down` (b,) rows and `across` (b,) columns; nothing gets lost."""
    n, height, width = images.shape
    rows = (torch.arange(height, device=images.device) - down[:, None]) % height
    columns = (torch.arange(width, device=images.device) - across[:, None]) % width
    at = rows[:, :, None] * width + columns[:, None, :]
    return images.flatten(1).gather(1, at.flatten(1)).view(n, height, width)
