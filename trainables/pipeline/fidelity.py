"""How much of its training a trial has had at each rung.

Rung r of R (counted from 1) stands for the share `reduction_factor ** -(R - r)` of the whole pipeline:
with three rungs and a factor of 3 that is 1/9, 1/3 and all of it.
"""

from __future__ import annotations

import math

from trainables.config import TrialConfig


def rung_share(rung: int, rungs: int, reduction_factor: int) -> float:
    """Share of the full training at `rung` (1..rungs), in (0, 1]; the last rung is 1.

    >>> rung_share(2, rungs=3, reduction_factor=4)
    0.25
    """
    if not 1 <= rung <= rungs:
        raise ValueError(f"rung {rung} is not in 1..{rungs}")
    return float(reduction_factor) ** -(rungs - rung)


def rung_epochs(total: int, rungs: int, reduction_factor: int) -> tuple[int, ...]:
    """Whole epochs of training at each rung: the share of `total`, rounded half up, at least 1.

    Never decreasing, and the last entry is `total`. Where `total` is too small to be told apart
    (2 epochs in 3 rungs), neighbouring rungs have equal entries; the caller then has nothing to train.

    >>> rung_epochs(18, rungs=3, reduction_factor=3)
    (2, 6, 18)
    """
    if total < 1:
        raise ValueError(f"a training has at least 1 epoch, not {total}")
    shares = (rung_share(rung, rungs, reduction_factor) for rung in range(1, rungs + 1))
    return tuple(max(1, math.floor(total * share + 0.5)) for share in shares)


def loop_epochs(config: TrialConfig, rungs: int, reduction_factor: int) -> tuple[int, ...]:
    """Of what the loop itself trains, at each rung; 0 where its training is counted in other epochs."""
    total = getattr(config.loop, "epochs", 0)
    return rung_epochs(total, rungs, reduction_factor) if total else (0,) * rungs
