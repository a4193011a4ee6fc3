"""What it takes to train SAEs, as data, so that several can be trained at once, here or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from trainables.sae_training import SaeResult, train_sae
from trainables.settings.sae import SaeTraining


@dataclass(frozen=True)
class SaeRequest:
    """The arguments of one `train_sae`; y (n, r) are the basis' outputs."""

    config: SaeTraining
    y: Tensor
    epochs: int
    seed: int
    frozen_decoder: bool = False


Trainer = Callable[[Sequence[SaeRequest], torch.device], "list[SaeResult]"]
"""(requests, device) -> their results in the same order. Raises TrialDiverged for the first that diverges."""


def train_here(requests: Sequence[SaeRequest], device: torch.device) -> list[SaeResult]:
    """Train them in this process."""
    return [
        train_sae(
            request.config,
            request.y,
            epochs=request.epochs,
            seed=request.seed,
            device=device,
            frozen_decoder=request.frozen_decoder,
        )
        for request in requests
    ]
