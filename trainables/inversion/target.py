"""The latents to invert, and the units in which their codes are measured."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.model.decoder_rows import decoder_rows
from trainables.model.interface import SupportsFeatures


@dataclass(frozen=True)
class Targets:
    """columns (l,) to invert; q99 (l,): the 99th percentile of each one's code where it fires; norms (f,):
    length of every latent's decoder row in the raw activation space, which makes codes comparable."""

    columns: Tensor
    q99: Tensor
    norms: Tensor

    def masses(self, z: Tensor) -> Tensor:
        """s_k z_k of codes z (b, f)."""
        return z * self.norms

    @property
    def unit(self) -> Tensor:
        """Code mass of each target at its q99: (l,)."""
        return self.norms[self.columns] * self.q99


@torch.no_grad()
def targets(model: SupportsFeatures, z: Tensor, columns: Tensor) -> Targets:
    """For latents that fire on some of the data's codes z (n, f)."""
    norms = decoder_rows(model, z.shape[1], z.device).norm(dim=1)
    return Targets(columns, high_codes(z[:, columns]), norms)


def high_codes(z: Tensor) -> Tensor:
    """The 99th percentile of each column of codes z (n, l) where it fires: (l,); NaN where it never does."""
    if not z.shape[1]:
        return z.new_zeros(0)
    firing = torch.where(z > 0, z.double(), torch.nan)
    return torch.nanquantile(firing, 0.99, dim=0).to(z)
