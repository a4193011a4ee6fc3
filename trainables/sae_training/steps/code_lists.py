"""The codes of a batch as lists, and buffers for them that last a whole training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class CodeLists:
    """List l has latents[first[l] : first[l + 1]] (-1 for an empty place), their values and, once the batch
    is reconstructed, slopes: derivatives of the loss to the values. See `kernels.reconstruction`."""

    first: NDArray[np.int64]
    latents: NDArray[np.int32]
    values: FloatArray
    slopes: FloatArray


class SortedCodes:
    """Buffers for `capacity` codes sorted by latent; see `kernels.by_latent`."""

    def __init__(self, capacity: int, width: int, dtype: np.dtype) -> None:
        self.bounds = np.zeros(width + 1, np.int64)
        self.lists = np.zeros(capacity, np.int32)
        self.values = np.zeros(capacity, dtype)
        self.slopes = np.zeros(capacity, dtype)


def empty_lists(n_lists: int, capacity: int, dtype: np.dtype) -> CodeLists:
    """Room for so many lists and codes."""
    return CodeLists(
        np.zeros(n_lists + 1, np.int64),
        np.zeros(capacity, np.int32),
        np.zeros(capacity, dtype),
        np.zeros(capacity, dtype),
    )
