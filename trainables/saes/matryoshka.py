"""Nested dictionaries: the first latents must explain the input by themselves, the rest adds detail.

Bussmann et al. 2025, "Learning Multi-Level Features with Matryoshka Sparse Autoencoders" (arXiv 2503.17547);
Nabeshima 2024, "Matryoshka Sparse Autoencoders".
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor

from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.sparse_autoencoder import Forward
from trainables.saes.stacking import total
from trainables.settings import sae as settings


class MatryoshkaSae(BatchTopKSae):
    """BatchTopK codes with the loss (1/m) sum_i mean_b |x - z_{:f_i} W_dec_{:f_i} - b_dec|^2 over m prefixes
    f_i = f / 2^(m - i), so f_m = f.

    The mean is taken once: its size is that of a plain squared error, and AuxK and rate keep their meaning.
    """

    def __init__(self, config: settings.MatryoshkaSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.prefixes = prefix_sizes(config.width, config.prefixes)

    def reconstruction_loss(self, forward: Forward) -> Tensor:
        """The mean over prefixes above, a scalar."""
        loss = super().reconstruction_loss(forward)
        # From the smallest up; each adds its own latents to the reconstruction of the one before.
        partial = forward.x - self.decoder_bias
        sizes = [stop - start for start, stop in pairwise((0, *self.prefixes))]
        # Split at once: the gradient of many slices would be as many tensors of the whole's size.
        codes, rows = forward.z.split(sizes, dim=-1), self.decoder.split(sizes, dim=-2)
        for own_codes, own_rows in zip(codes[:-1], rows[:-1], strict=True):
            added = own_codes @ own_rows
            partial = partial - added.to(partial.dtype)
            loss = loss + total(partial.square()) / partial.shape[-2]
        return loss / len(self.prefixes)


def prefix_sizes(width: int, prefixes: int) -> tuple[int, ...]:
    """Rising numbers of latents f_1 < ... < f_m = width; fewer where halving goes below 1."""
    return tuple(sorted({max(1, width >> i) for i in range(prefixes)}))
