"""Working through rows that do not fit at once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

BATCH = 8192


@torch.no_grad()
def in_batches(function: Callable[[Tensor], Tensor], rows: Tensor, size: int = BATCH) -> Tensor:
    """`function` of rows (n, ...), `size` at a time: (n, ...), without gradients.

    In this way every hidden activation, code and logit of a split is computed.
    """
    return torch.cat([function(part) for part in rows.split(size)])
