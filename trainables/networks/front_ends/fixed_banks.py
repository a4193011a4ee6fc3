"""Edge and line detectors that are given, not learned."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from trainables.networks.front_ends.front_end import FrontEnd, halved

ORIENTATIONS = 4
# In pixels; a stroke of MNIST is 2 to 4 wide, so that a bright and a dark half period span one.
WAVELENGTH = 6.0
ENVELOPE = 2.0
GABOR_SIZE = 7


class FixedBank(FrontEnd):
    """Rectified responses to a bank of filters, averaged over 2x2 places.

    For filters w_c (odd size, zero padding) y_c = w_c * x, the features are mean_2x2 max(0, y_c) and
    mean_2x2 max(0, -y_c): 2 C ceil(h/2) ceil(w/2) of them. Every filter has mean 0 and norm 1, so that
    a plain surface, black above all, gives exactly nothing.
    """

    filters: torch.Tensor

    def __init__(self, image_shape: tuple[int, int], filters: torch.Tensor) -> None:
        super().__init__()
        filters = filters - filters.mean(dim=(1, 2), keepdim=True)
        filters = filters / filters.square().sum(dim=(1, 2), keepdim=True).sqrt()
        self.register_buffer("filters", filters.float())
        self.n_features = 2 * len(filters) * halved(image_shape[0]) * halved(image_shape[1])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """images (b, h, w) -> (b, n_features) >= 0."""
        padding = self.filters.shape[-1] // 2
        responses = functional.conv2d(images.unsqueeze(1), self.filters.unsqueeze(1), padding=padding)
        rectified = torch.cat([responses.relu(), (-responses).relu()], dim=1)
        return functional.avg_pool2d(rectified, 2, ceil_mode=True).flatten(1)


class GaborBank(FixedBank):
    """Gabor filters (Daugman 1985): 4 orientations, each as a line (even) and an edge (odd), 7x7.

    w(p) = exp(-|p|^2 / (2 sigma^2)) cos(2 pi (p . e_theta) / lambda + phi), lambda 6, sigma 2,
    phi in {0, -pi/2}.
    """

    def __init__(self, image_shape: tuple[int, int], _channels: int, _generator: torch.Generator) -> None:
        super().__init__(image_shape, gabor_filters())


class SobelBank(FixedBank):
    """The two 3x3 Sobel derivatives, across and down."""

    def __init__(self, image_shape: tuple[int, int], _channels: int, _generator: torch.Generator) -> None:
        across = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
        super().__init__(image_shape, torch.stack([across, across.t()]))


def gabor_filters() -> torch.Tensor:
    """(8, 7, 7) float64: for theta = 0, 45, 90, 135 degrees the even filter, then the odd one."""
    steps = torch.arange(GABOR_SIZE, dtype=torch.float64) - GABOR_SIZE // 2
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    envelope = torch.exp(-(down.square() + across.square()) / (2 * ENVELOPE**2))
    filters = []
    for orientation in range(ORIENTATIONS):
        theta = math.pi * orientation / ORIENTATIONS
        phase = 2 * math.pi * (across * math.cos(theta) + down * math.sin(theta)) / WAVELENGTH
        filters += [envelope * phase.cos(), envelope * phase.sin()]
    return torch.stack(filters)
