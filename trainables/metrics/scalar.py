"""A number as a tensor, for references."""

from __future__ import annotations

import torch
from torch import Tensor


def scalar(value: float) -> Tensor:
    """A float64 tensor of no dimension."""
    return torch.tensor(value, dtype=torch.float64)
