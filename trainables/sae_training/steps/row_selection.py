"""TopK's pick: the k largest codes of every sample."""

from __future__ import annotations

import numpy as np

from trainables.sae_training.kernels import team
from trainables.sae_training.kernels.row_largest import row_largest
from trainables.sae_training.steps.code_lists import CodeLists, FloatArray
from trainables.sae_training.steps.selection import K_SHARE
from trainables.saes.topk import TopKSae


class RowSelection:
    """The k largest u > 0 of each sample."""

    share = K_SHARE

    def __init__(self, sae: TopKSae) -> None:
        self.sae = sae
        self.stops: tuple[int, ...] = (len(sae.decoder),)

    def expected(self, last: float) -> float:  # noqa: ARG002
        """k of the step."""
        return self.sae.current_k

    def select(self, products: FloatArray, bias: FloatArray, lists: CodeLists, room: int) -> int | None:
        """k places a sample."""
        k, size = self.sae.current_k, len(products)
        lists.first[: size + 1] = np.arange(0, (size + 1) * k, k)
        if size * k > room:
            return None
        team.run(row_largest, size, products.size, products, bias, k, lists.latents, lists.values)
        return size * k

    def weight(self, l0: float) -> float:  # noqa: ARG002
        """Always 0, since TopK has no penalty."""
        return 0.0

    def finish(self, l0: float) -> None:
        """Nothing follows from a step's L0."""
