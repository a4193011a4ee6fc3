"""Where decoder rows and encoder columns start from."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from trainables.kmeans import spherical_kmeans


def draw_decoder(shape: torch.Size, y: Tensor, datapoint_share: float, generator: torch.Generator) -> Tensor:
    """Unit rows (f, r) on the device of the centred train outputs y (n, r).

    Row j is the direction of w p_j + (1 - w) e_j, with w the share, e_j a random unit vector and p_j the
    direction of a train sample: all different ones where there are enough, any where there are not. Latents
    that begin near the data are less often born dead (saev finds so at w = 0.8); at w = 0 no sample is
    looked at. A sample of all zeros has no direction, and its row is the random one.
    """
    noise = normalize(torch.randn(shape, generator=generator), dim=1).to(y.device)
    if datapoint_share == 0:
        return noise
    if len(y) >= shape[0]:
        rows = torch.randperm(len(y), generator=generator)[: shape[0]]
    else:
        rows = torch.randint(len(y), (shape[0],), generator=generator)
    samples = normalize(y[rows.to(y.device)], dim=1)
    blend = datapoint_share * samples + (1 - datapoint_share) * noise
    return normalize(torch.where(blend.norm(dim=1, keepdim=True) > 0, blend, noise), dim=1)


def kmeans_rows(n: int, y: Tensor, generator: torch.Generator) -> Tensor:
    """Unit rows (n, r): centres of the directions of the centred train outputs y (m, r), see
    `spherical_kmeans`; where samples other than 0 are too few, the rest are random."""
    points = y[y.norm(dim=1) > 0]
    k = min(n, len(points))
    noise = normalize(torch.randn(n - k, y.shape[1], generator=generator), dim=1).to(y.device)
    return torch.cat([spherical_kmeans(points, k, generator), noise]) if k else noise


def cut_for_l0(u: Tensor, l0: float) -> Tensor:
    """The value >= 0 (a scalar) that n * l0 entries of u (n, f) exceed; 0 where fewer are positive."""
    wanted = min(max(1, round(l0 * len(u))), u.numel() - 1)
    return u.flatten().kthvalue(u.numel() - wanted).values.clamp(min=0)


def free_directions(shape: torch.Size, generator: torch.Generator) -> Tensor:
    """Random unit columns (r, f)."""
    return normalize(torch.randn(shape, generator=generator), dim=0)
