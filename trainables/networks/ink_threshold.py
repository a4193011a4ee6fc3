"""A dead zone for faint light, in front of any network."""

from __future__ import annotations

import torch


def ink_above(images: torch.Tensor, threshold: float) -> torch.Tensor:
    """g(x) = relu(x - t) / (1 - t): what is darker than t is black, and 1 stays 1.

    images of any shape in [0, 1], threshold t in [0, 1); t = 0 gives back the images themselves. It takes
    away what a gradient or faint noise can reach beside the strokes, not what real ink does there: finite
    full-strength edits read the same before and after (docs/methods.md), so it is no goal in itself.
    """
    return images if threshold == 0 else (images - threshold).relu() / (1 - threshold)
