"""Where a trial computes."""

from __future__ import annotations

import torch


def device_for(gpus: float) -> torch.device:
    """cuda if the trial was granted (a share of) a GPU that torch can use, else cpu."""
    return torch.device("cuda" if gpus > 0 and torch.cuda.is_available() else "cpu")
