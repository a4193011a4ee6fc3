"""The images on which each latent, or direction, is largest, found batch by batch.

`torch.topk` leaves the order of equal values open, and data sorted by class would then decide a purity.
Here every image carries a rank from a fixed random permutation; value and rank are packed into one integer,
so that no two entries are equal and the result depends on neither batch size, device nor class order.
"""

from __future__ import annotations

import torch
from torch import Tensor

TIE_SEED = 20_240_607
_RANK_BITS = 32
_SMALLEST = torch.iinfo(torch.int64).min
# Packing all is given up where no column has more than one in so many values that may still count.
_FEW = 8


class TopImages:
    """Running top `count` of n_images values in each of n_columns columns.

    Memory is one batch plus count x n_columns; the full matrix of values is never held or sorted.
    """

    def __init__(self, count: int, n_images: int, device: torch.device | str = "cpu") -> None:
        self.count = min(count, n_images)
        generator = torch.Generator().manual_seed(TIE_SEED)
        self._image_of_rank = torch.randperm(n_images, generator=generator).to(device)
        self._rank_of_image = torch.argsort(self._image_of_rank)
        self._keys: Tensor | None = None
        self._seen = 0

    def update(self, values: Tensor) -> None:
        """Take the values (b, c) of the next b images, in image order."""
        ranks = self._rank_of_image[self._seen : self._seen + values.shape[0]]
        self._seen += values.shape[0]
        keys = self._rising(values, ranks)
        if self._keys is not None:
            keys = torch.cat([self._keys, keys], dim=1)
        self._keys = keys.topk(min(self.count, keys.shape[1]), dim=1).values

    def _rising(self, values: Tensor, ranks: Tensor) -> Tensor:
        """The keys (c, m) of the values (b, c) that may still come among the top.

        Once the top is full only what reaches a column's smallest can, and that is soon hardly anything: a
        comparison costs a tenth of packing and sorting all.
        """
        if self._keys is not None and self._keys.shape[1] == self.count:
            row, column = (values.float() >= _values_of(self._keys[:, -1])).nonzero(as_tuple=True)
            counts = torch.bincount(column, minlength=values.shape[1])
            most = int(counts.max())
            if most * _FEW <= values.shape[0]:
                order = column.argsort(stable=True)
                row, column = row[order], column[order]
                place = torch.arange(len(column), device=column.device) - (counts.cumsum(0) - counts)[column]
                keys = torch.full((values.shape[1], most), _SMALLEST, device=values.device)
                keys[column, place] = (_ordered_bits(values[row, column]) << _RANK_BITS) | ranks[row]
                return keys
        return (_ordered_bits(values.t().contiguous()) << _RANK_BITS) | ranks

    def images(self) -> Tensor:
        """Image indices (count, c), the largest value first."""
        return self._image_of_rank[self._taken() & ((1 << _RANK_BITS) - 1)].t()

    def positive(self) -> Tensor:
        """Whether the entry's value is above zero: (count, c) bool."""
        return (self._taken() >> _RANK_BITS).t() > 0

    def _taken(self) -> Tensor:
        if self._keys is None:
            raise RuntimeError("no values were given: call update first")
        return self._keys


def _ordered_bits(values: Tensor) -> Tensor:
    """Integers in the order of the float32 values, positive exactly where the value is: int64, same shape."""
    # Adding 0 turns -0.0 into 0.0, which would otherwise sort below it.
    bits = (values.float() + 0.0).view(torch.int32)
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).long()


def _values_of(keys: Tensor) -> Tensor:
    """The float32 values that `_ordered_bits` and a rank were packed from."""
    bits = (keys >> _RANK_BITS).int()
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)).view(torch.float32)
