"""What changes during an SAE's training: its rate, its penalty, its order of samples, its window of death."""

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
