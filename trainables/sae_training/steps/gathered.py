"""All values above a cut, before it is known which of them are codes."""

from __future__ import annotations

import numpy as np
import torch

from trainables.sae_training.kernels import team
from trainables.sae_training.kernels.above_cut import gather_above
from trainables.sae_training.steps.code_lists import FloatArray


class Gathered:
    """Buffers for batches of at most `rows` with `width` latents; see `kernels.above_cut`."""

    def __init__(self, rows: int, width: int, dtype: torch.dtype) -> None:
        self._found = np.zeros((rows, width), np.int32)
        self._values = torch.zeros(rows, width, dtype=dtype).numpy()
        self._counts = np.zeros(rows, np.int64)

    def gather(self, products: FloatArray, bias: FloatArray, cut: float) -> int:
        """Find all u = products + bias (b, f) above the cut; their number."""
        arrays = self.found(len(products))
        team.run(gather_above, len(products), products.size, products, bias, cut, *arrays)
        return int(arrays[0].sum())

    def found(self, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Counts (b,), latents (b, f) and values (b, f) of the last `gather`, of `size` rows."""
        return self._counts[:size], self._found[:size], self._values[:size]
