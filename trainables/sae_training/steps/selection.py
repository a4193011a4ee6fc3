"""How a kind with a sparse step picks its active codes, and what follows from the pick."""

from __future__ import annotations

from typing import Protocol

from trainables.sae_training.steps.code_lists import CodeLists, FloatArray

# One thread, batch 1024, r = 128, f = 1024: a sparse TopK step takes 0.7 of the plain one's time with a
# quarter of the codes active and as long with half of them.
K_SHARE = 1 / 3


class Selection(Protocol):
    """How one kind picks its active codes.

    stops: ends of its groups of latents, which are decoded in turn. share: of active codes, up to which a
    sparse step is faster than the kind's dense one.
    """

    stops: tuple[int, ...]
    share: float

    def expected(self, last: float) -> float:
        """Codes per sample in the step to come, where there were `last` in the one before."""
        ...

    def select(self, products: FloatArray, bias: FloatArray, lists: CodeLists, room: int) -> int | None:
        """List the codes of u = products + bias (b, f); the number of places used,
        None if it would be more than `room`."""
        ...

    def weight(self, l0: float) -> float:
        """The loss adds this, times the warm-up factor, times mean_b sum_f z."""
        ...

    def finish(self, l0: float) -> None:
        """Called after the step."""
        ...
