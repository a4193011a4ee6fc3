"""Images that stand for "nothing shown" when a difference is attributed.

A constant baseline is blind to its own colour: with black, no black pixel is ever credited (Sturmfels et
al. 2020, Distill, doi 10.23915/distill.00022). Junk can only be seen from the blurred, the mean or the
data's own images.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Images (p, h, w) under a Gaussian of the given standard deviation in pixels; black beyond the edges.

    The kernel reaches three standard deviations and sums to 1.
    """
    reach = max(1, round(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-0.5 * (offsets / sigma).square())
    kernel = kernel / kernel.sum()
    columns = F.conv2d(images[:, None], kernel[None, None, :, None], padding=(reach, 0))
    return F.conv2d(columns, kernel[None, None, None, :], padding=(0, reach))[:, 0]


def drawn(data: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """`count` random images of data (n, h, w), each at most once if there are enough: (count, h, w)."""
    if count <= len(data):
        rows = torch.randperm(len(data), generator=generator)[:count]
    else:
        rows = torch.randint(len(data), (count,), generator=generator)
    return data[rows.to(data.device)]
