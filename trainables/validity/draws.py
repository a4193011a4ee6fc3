"""Random numbers of the edits. They belong to an image, not to a latent, so that what is found for one
latent does not hang on which others were drawn."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.validity.controls import Controls

PASTED = 4
HOSTS = 8
SALT = 0.1
FIELDS = 64


class Draws:
    """What each of n images is edited with.

    donors (n, 4) and shifts (n, 4, 2): whose ink is pasted, rolled how far; hosts (n, 8): images of another
    class, or just other ones without labels; centre (n,) in [0, 1): where its random blob lies; salt
    (64, h, w) bool: 10 % of the pixels.
    """

    def __init__(self, images: Tensor, labels: Tensor | None, controls: Controls) -> None:
        draw = controls.generator("edits")
        n, height, width = images.shape
        device = images.device
        self.donors = torch.randint(n, (n, PASTED), generator=draw).to(device)
        size = torch.tensor([height, width])
        self.shifts = (torch.rand(n, PASTED, 2, generator=draw) * size).long().to(device)
        self.centre = torch.rand(n, generator=draw).to(device)
        self.salt = (torch.rand(FIELDS, height, width, generator=draw) < SALT).to(device)
        self.hosts = _others(n, labels, torch.rand(n, HOSTS, generator=draw).to(device))

    def salted(self, at: Tensor) -> Tensor:
        """Four fields of salt for each image at (...): (..., 4, h, w)."""
        return self.salt[(at[..., None] * PASTED + torch.arange(PASTED, device=at.device)) % FIELDS]


def rolled(images: Tensor, shifts: Tensor) -> Tensor:
    """Images (..., h, w) rolled by shifts (..., 2), what leaves at one edge coming in at the other."""
    height, width = images.shape[-2:]
    rows = (torch.arange(height, device=images.device) - shifts[..., :1]) % height
    columns = (torch.arange(width, device=images.device) - shifts[..., 1:]) % width
    tall = images.gather(-2, rows[..., :, None].expand(images.shape))
    return tall.gather(-1, columns[..., None, :].expand(images.shape))


def _others(n: int, labels: Tensor | None, uniform: Tensor) -> Tensor:
    """Images of another class than each, from uniform numbers (n, k); any other image without labels."""
    kind = torch.arange(n, device=uniform.device) if labels is None else labels
    order = kind.argsort(stable=True)
    size = torch.bincount(kind)
    behind = size.cumsum(0)[kind][:, None]
    free = (n - size[kind])[:, None]
    return order[(behind + (uniform.double() * free).long().clamp(max=n - 1)) % n]
