"""BatchTopK's and Matryoshka's codes."""

from __future__ import annotations

import numpy as np
import torch

from trainables.sae_training.kernels.above_cut import joined, list_codes
from trainables.sae_training.steps.code_lists import CodeLists, FloatArray
from trainables.sae_training.steps.gathered import Gathered
from trainables.sae_training.steps.selection import K_SHARE
from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.matryoshka import MatryoshkaSae

# The next batch's cut is looked for above this share of the last one's.
MARGIN = 0.85


class BatchSelection:
    """The b k largest u > 0 of the batch.

    All u above a guess are gathered, and the cut is found among them. The guess is below the cut of the batch
    before; where too few exceed it, it is 0. So the pick is the same whatever the guess was.
    """

    share = K_SHARE

    def __init__(self, sae: BatchTopKSae, rows: int) -> None:
        self.sae = sae
        width = len(sae.decoder)
        self.stops = sae.prefixes if isinstance(sae, MatryoshkaSae) else (width,)
        self._stops = np.array(self.stops)
        self._gathered = Gathered(rows, width, sae.decoder.dtype)
        self._cut = 0.0
        self._smallest = float("inf")

    def expected(self, last: float) -> float:  # noqa: ARG002
        """k of the step."""
        return self.sae.current_k

    def select(self, products: FloatArray, bias: FloatArray, lists: CodeLists, room: int) -> int | None:
        """Select at most b k places in all."""
        size, wanted = len(products), self.sae.current_k * len(products)
        if wanted > room:
            return None
        gathered = self._gathered
        number = gathered.gather(products, bias, MARGIN * self._cut)
        if number < wanted and self._cut > 0:
            number = gathered.gather(products, bias, 0.0)
        flat = np.empty(number, products.dtype)
        counts, found, values = gathered.found(size)
        joined(counts, values, flat)
        cut, ties = 0.0, 0
        if number > wanted:
            flat.partition(number - wanted)
            cut = float(flat[number - wanted])
            ties = wanted - int((flat[number - wanted :] > cut).sum())
        self._smallest = cut if number > wanted else float(flat.min(initial=np.inf))
        self._cut = self._smallest if number >= wanted else 0.0
        first = lists.first[: len(self.stops) * size + 1]
        list_codes(counts, found, values, cut, ties, self._stops, first, lists.latents, lists.values)
        return int(first[-1])

    def weight(self, l0: float) -> float:  # noqa: ARG002
        """Always 0, since these kinds have no penalty."""
        return 0.0

    def finish(self, l0: float) -> None:  # noqa: ARG002
        """The running threshold follows the smallest code kept."""
        self.sae.follow(torch.tensor(self._smallest, dtype=self.sae.threshold.dtype))
