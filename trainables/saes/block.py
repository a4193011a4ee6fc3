"""Latents in blocks: whether a block is on is one question, what in it is on how much another.

Slant, thickness and size vary continuously: one direction a value would need many latents, of which each says
little. A block is a small subspace, on or off as a whole, as in block-sparse coding (Eldar, Kuppinger and
Boelcskei 2010) and the group lasso (Yuan and Lin 2006), with the largest norms kept in place of a penalty.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainables.saes.sparse_autoencoder import SparseAutoencoder
from trainables.settings import block as settings


class BlockSae(SparseAutoencoder):
    """z = relu(u) in the `active` blocks with the largest |relu(u)_block|, 0 in all others.

    Blocks are `block` neighbouring latents each. A latent of a block that is on may still be 0.
    """

    def __init__(self, config: settings.BlockSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.block = config.block
        self.active = min(config.active, config.width // config.block)

    def together(self, latents: Tensor) -> Tensor:
        """All latents of their blocks."""
        blocks = (latents // self.block).unique()
        return (blocks[:, None] * self.block + torch.arange(self.block, device=latents.device)).flatten()

    def activate(self, u: Tensor) -> Tensor:
        """z (b, f): relu(u) in the strongest blocks, 0 elsewhere."""
        codes = u.relu().unflatten(-1, (-1, self.block))
        strength = codes.square().sum(-1)
        chosen = strength.topk(self.active, dim=-1, sorted=False).indices
        gate = torch.zeros_like(strength).scatter_(-1, chosen, 1.0)
        return (codes * gate[..., None]).flatten(-2)
