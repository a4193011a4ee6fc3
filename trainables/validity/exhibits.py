"""The images on which latents are examined: a few of each, spaced over its strongest.

Codes are compared by rank among the latent's own firing codes, not by value: with r(z) = #{codes <= z} / m
of the image as it is, and r'(z') = (#{codes < z'} + 1) / m of the edited one, 0 where it is silent,
    kept   = r' / r, at most 1
    change = (r - r') / r, or half of (r' - r) / (1 - r) for a climb
so that no stretching of codes hides a change: a bias added wherever the latent fires would make every
relative change vanish. A code of one value only keeps nothing, for it cannot show that it did.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.validity.subject import Subject

STRONGEST = 0.25


@dataclass(frozen=True)
class Exhibits:
    """m latents on s images each: columns (m,), at (m, s) into the subject's images, pictures (m, s, h, w),
    the latents' own u and rank r there, (m, s) float64; ladder (m, n): each latent's codes, ascending."""

    subject: Subject
    columns: Tensor
    at: Tensor
    pictures: Tensor
    u: Tensor
    rank: Tensor
    ladder: Tensor

    def kept(self, images: Tensor) -> Tensor:
        """r' / r of each latent on its own edited images (m, s, k, h, w): (m, s, k) in [0, 1]."""
        return (self._ranks(images) / self.rank[:, :, None]).clamp(max=1)

    def change(self, images: Tensor) -> Tensor:
        """How far the rank falls or climbs, of what it could: (m, s, k) in [0, 1]."""
        before, after = self.rank[:, :, None], self._ranks(images)
        climb = 0.5 * (after - before) / (1 - before).clamp(min=1e-12)
        return torch.where(after < before, (before - after) / before, climb.clamp(max=0.5))

    def codes(self, images: Tensor) -> Tensor:
        """z of each latent on its own images (m, s, k, h, w): (m, s, k)."""
        return self._read(images)[1]

    def drives(self, images: Tensor) -> Tensor:
        """u of each latent on its own images (m, s, k, h, w): (m, s, k)."""
        return self._read(images)[0]

    def _ranks(self, images: Tensor) -> Tensor:
        """r' (m, s, k)."""
        z = self.codes(images)
        firing = (self.ladder > 0).sum(dim=1)[:, None, None]
        silent = self.ladder.shape[1] - firing
        below = torch.searchsorted(self.ladder, z.flatten(1)).view(z.shape) - silent
        return torch.where(z > 0, (below + 1) / firing, 0.0)

    def _read(self, images: Tensor) -> tuple[Tensor, Tensor]:
        columns = self.columns[:, None, None].expand(images.shape[:3])
        u, z = self.subject.read(images.flatten(0, 2), columns.flatten())
        return u.view(images.shape[:3]), z.view(images.shape[:3])


def exhibits(subject: Subject, columns: Tensor, images: int) -> Exhibits:
    """`images` of each of the usable latents `columns` (m,), spaced over the strongest quarter."""
    at = spaced(subject.codes[:, columns], images, STRONGEST)
    pictures = subject.images[at]
    repeated = columns[:, None].expand(at.shape)
    u, _ = subject.read(pictures.flatten(0, 1), repeated.flatten())
    ladder = subject.codes[:, columns].T.double().sort(dim=1).values.contiguous()
    own = subject.codes[at, columns[:, None]].double()
    silent = (ladder <= 0).sum(dim=1, keepdim=True)
    rank = (torch.searchsorted(ladder, own, right=True) - silent) / (ladder.shape[1] - silent)
    return Exhibits(subject, columns, at, pictures, u.view(at.shape), rank.double(), ladder)


def spaced(codes: Tensor, images: int, share: float) -> Tensor:
    """For each column of codes (n, c) `images` rows, evenly spaced over the strongest `share` of those it
    fires on: (c, images). Where these are fewer, over as many as are asked for, or over all; some may repeat.
    """
    firing = (codes > 0).sum(dim=0)
    reach = (firing * share).ceil().long().clamp(min=images)
    reach = torch.minimum(reach, firing).clamp(min=1)
    deepest = int(reach.max()) if len(reach) else 1
    order = codes.topk(deepest, dim=0).indices.T
    steps = (torch.arange(images, device=codes.device) + 0.5) / images
    return order.gather(1, (steps * reach[:, None]).long())
