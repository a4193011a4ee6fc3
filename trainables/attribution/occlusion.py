"""What covering a patch takes away (Zeiler and Fergus 2014, arXiv 1311.2901)."""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.attribution.attribution import Attribution, Latents, picked
from trainables.attribution.clipping import clip_values
from trainables.attribution.settings import OcclusionConfig


class Occlusion(Attribution):
    """A_p = mean over fills and over the patches that cover p of u(x) - u(x with the patch filled).

    A black patch on background changes nothing and a white one nothing on strokes: two fills see both.
    Norm and step clipping have no gradients to act on; only clip "map" does anything here.
    """

    def __init__(self, settings: OcclusionConfig, data: Tensor, generator: torch.Generator) -> None:  # noqa: ARG002
        if settings.stride > settings.patch:
            raise ValueError(
                f"stride {settings.stride} exceeds the patch's side {settings.patch}: there would be gaps"
            )
        self.settings = settings
        self._patches = _patches(data.shape[1], data.shape[2], settings.patch, settings.stride).to(
            data.device
        )
        self.cost = len(self._patches) * len(settings.fills)

    def maps(self, latents: Latents, images: Tensor, columns: Tensor) -> Tensor:
        """Signed maps (p, h, w)."""
        n_patches = len(self._patches)
        with torch.no_grad():
            whole = picked(latents, images, columns)
            total = torch.zeros_like(images)
            for fill in self.settings.fills:
                covered = torch.where(self._patches[:, None], fill, images[None])
                left = picked(latents, covered.flatten(0, 1), columns.repeat(n_patches))
                taken = whole - left.view(n_patches, -1)
                total += torch.einsum("kp,khw->phw", taken, self._patches.to(images))
        maps = total / (self._patches.sum(0) * len(self.settings.fills))
        return clip_values(maps, self.settings.clip_quantile) if self.settings.clip == "map" else maps


def _patches(height: int, width: int, side: int, stride: int) -> Tensor:
    """Masks (k, height, width) of the patches; the last ones may reach over the edge and are cut."""
    rows = [
        (torch.arange(height) >= top) & (torch.arange(height) < top + side)
        for top in _starts(height, side, stride)
    ]
    columns = [
        (torch.arange(width) >= left) & (torch.arange(width) < left + side)
        for left in _starts(width, side, stride)
    ]
    return torch.stack([row[:, None] & column[None] for row in rows for column in columns])


def _starts(size: int, side: int, stride: int) -> range:
    """First pixels of the patches along one axis, the last patch being the first to reach the edge."""
    return range(0, max(size - side, 0) + stride, stride) if size > side else range(1)
