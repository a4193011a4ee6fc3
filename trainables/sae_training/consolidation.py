"""The last step of an SAE's training: out with latents that hardly fire, one in place of several alike.

Both are off by default. What they take out is gone from the SAE, not silenced in it: it counts neither as
dead nor as alive, and the threshold of kinds that have one is set anew for the codes that are left.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from trainables.saes.shell import narrowed
from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings.sae import SaeTrainingConfig

CHUNK = 8192
# Setting a threshold makes other latents rare; it comes to rest within few rounds.
ROUNDS = 4


@dataclass(frozen=True)
class Consolidated:
    """The SAE of the latents that are left, and how many were taken out for either reason."""

    sae: SparseAutoencoder
    rare: int
    merged: int


@torch.no_grad()
def consolidated(sae: SparseAutoencoder, config: SaeTrainingConfig, x: Tensor) -> Consolidated:
    """`sae`, trained and in `eval` mode, calibrated on all train inputs x (n, r), without what `prune_rare`
    and `merge_alike` take out; with both off it is the very object."""
    sae.calibrate(x)
    merged = 0
    if config.merge_alike < 1:
        kept, gains = _without_copies(sae, codes_of(sae, x), config.merge_alike)
        merged = len(sae.decoder) - len(kept)
        if merged:
            sae = narrowed(sae, config, kept)
            sae.scale_codes(gains)
            sae.calibrate(x)
    before = len(sae.decoder)
    for _ in range(ROUNDS if config.prune_rare > 0 else 0):
        share = (codes_of(sae, x) > 0).double().mean(dim=0)
        kept = (share >= config.prune_rare).nonzero().squeeze(1)
        kept = sae.together(kept if len(kept) else share.argmax()[None])
        if len(kept) == len(share):
            break
        sae = narrowed(sae, config, kept)
        sae.calibrate(x)
    return Consolidated(sae.requires_grad_(False).eval(), before - len(sae.decoder), merged)


def codes_of(sae: SparseAutoencoder, x: Tensor) -> Tensor:
    """z (n, f) of inputs x (n, r)."""
    return torch.cat([sae.encode_scaled(rows)[1] for rows in x.split(CHUNK)])


def _without_copies(sae: SparseAutoencoder, codes: Tensor, alike: float) -> tuple[Tensor, Tensor]:
    """Which latents stay (n,), in their order, and the factor on the codes of each.

    From the strongest (largest sum of z^2) down, a latent is a copy if for one that stays both the decoder
    rows' cosine and the codes' correlation reach `alike`. With the copies C(j) of j taken out, its code z_j
    is multiplied by g_j = <z_j, z_j + sum_{i in C(j)} cos_ij z_i> / <z_j, z_j>, with which z_j d_j is nearest
    to what all of them wrote together along d_j.
    """
    rows = normalize(sae.decoder, dim=1)
    cosines = rows @ rows.T
    centred = codes - codes.mean(dim=0)
    unit = normalize(centred, dim=0)
    likeness = torch.minimum(cosines, unit.T @ unit)
    energy = codes.square().sum(dim=0)
    gains, stays = torch.ones_like(energy), torch.zeros(len(energy), dtype=torch.bool, device=codes.device)
    for j in energy.argsort(descending=True, stable=True).tolist():
        best, original = torch.where(stays, likeness[j], -torch.inf).max(dim=0)
        if best < alike or energy[j] == 0:
            stays[j] = True
        else:
            shared = codes[:, original] @ codes[:, j] * cosines[original, j]
            gains[original] += shared / energy[original]
    kept = stays.nonzero().squeeze(1)
    return kept, gains[kept]
