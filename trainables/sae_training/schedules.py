"""How rates and weights run over a training, and how it is cut into steps."""

from __future__ import annotations

import math


def learning_rate(width: int, multiplier: float) -> float:
    """Peak Adam rate: 2e-4 at 2^14 latents, growing as the width shrinks (Gao et al. 2024, figure 3)."""
    return multiplier * 2e-4 / math.sqrt(width / 2**14)


def ramp(step: int, steps: int, warmup: float, decay: float) -> tuple[float, float]:
    """Factors in (0, 1] for (rate, penalty) at `step` (from 0) of `steps`."""
    warm_steps, decay_steps = round(warmup * steps), round(decay * steps)
    rise = min(1.0, (step + 1) / (warm_steps + 1))
    fall = min(1.0, (steps - step) / (decay_steps + 1))
    return min(rise, fall), rise


def batches(rows: int, batch_size: int) -> int:
    """Gradient steps in a pass over so many rows."""
    return max(1, math.ceil(rows / batch_size))


def dead_window(configured: int, samples: int) -> int:
    """Samples without firing after which AuxK and resampling take a latent for dead.

    At most a tenth of the samples of this whole training: a window longer than the training would never
    open, and at the low rungs the configured one often is; one almost as long would open too late to help.
    """
    return min(configured, max(1, samples // 10))


def one_cycle(done: float) -> float:
    """Factor in (0, 1] of the largest rate where the share `done` in [0, 1) of the steps is over.

    From 1/25 up to 1 over the first 30 %, then down to next to nothing, both along a cosine (Smith 2018,
    arXiv 1803.09820; the shape that fast.ai and torch made usual, without the cycle of the momentum).
    """
    rise, first = 0.3, 1 / 25
    if done < rise:
        return first + (1 - first) * (1 - math.cos(math.pi * done / rise)) / 2
    return max(1e-6, (1 + math.cos(math.pi * (done - rise) / (1 - rise))) / 2)


def edit_ramp(done: float) -> float:
    """Factor in [0, 1] of losses on edited images: 0 for the first 15 % of the steps, 1 from 35 % on.

    Before, latents are still on their way and what they look at is no part of anything.
    """
    return min(1.0, max(0.0, (done - 0.15) / 0.2))
