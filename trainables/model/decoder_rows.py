"""The decoder rows of an SAE, carried from the basis back to hidden space."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainables.model.interface import SupportsFeatures

CHUNK = 1024


@torch.no_grad()
def decoder_rows(model: SupportsFeatures, f: int, device: torch.device | str) -> Tensor:
    """Rows (f, d) of the affine decoder in the raw activation space, whatever the basis."""
    origin = model.decode(torch.zeros(1, f, device=device))
    parts = [
        model.decode(F.one_hot(part, f).float()) - origin
        for part in torch.arange(f, device=device).split(CHUNK)
    ]
    return torch.cat(parts)
