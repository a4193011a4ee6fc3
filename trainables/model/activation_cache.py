"""Hidden activations that a worker holds on to from trial to trial.

Trials that differ in the SAE alone ask for the same classifier's activations at every rung. Computing them
anew takes as long as the SAE's training for half an epoch; on a GPU they stay where they are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

# On MNIST the activations of 128 units at three rungs take 92 MB; processes that share a GPU take it each.
MOST_BYTES = 128 * 2**20


@dataclass(frozen=True)
class HiddenActivations:
    """Activations of the train images (n, d) and of the val images (v, d), on the trial's device."""

    train: Tensor
    val: Tensor

    @property
    def nbytes(self) -> int:
        """Bytes that both splits take together."""
        return self.train.nbytes + self.val.nbytes


class ActivationCache:
    """Activations by the key of their classifier; the least recently asked for go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[str, HiddenActivations] = OrderedDict()

    def get(self, key: str, compute: Callable[[], HiddenActivations]) -> HiddenActivations:
        """The activations of `key`, computed if they are not held."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        found = compute()
        self._held[key] = found
        while sum(hidden.nbytes for hidden in self._held.values()) > self._most_bytes:
            self._held.popitem(last=False)
        return found
