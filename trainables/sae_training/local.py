"""What it takes to train SAEs, as data, so that several can be trained at once, here or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from trainables.errors import TrialDiverged
from trainables.sae_training.grouping import stacks, stacks_of
from trainables.sae_training.request import SaeOutcome, SaeRequest
from trainables.sae_training.stacked import train_stack
from trainables.sae_training.train import train_sae

Trainer = Callable[[Sequence[SaeRequest], torch.device], "list[SaeOutcome]"]
"""(requests, device) -> what became of each, in the same order; one that diverges leaves the others alone."""


def train_here(requests: Sequence[SaeRequest], device: torch.device) -> list[SaeOutcome]:
    """Train them in this process: in stacks on a GPU, one by one on a CPU.

    A CPU's cores are kept busy by one SAE, and its compiled steps leave out most of the work, which no stack
    of dense products makes up for.
    """
    if device.type != "cuda":
        return [train_alone(request, device) for request in requests]
    outcomes: dict[int, SaeOutcome] = {}
    for places in stacks_of(requests):
        members = [requests[place] for place in places]
        if stacks(members[0].config):
            trained = train_stack(members, device)
        else:
            trained = [train_alone(member, device) for member in members]
        outcomes.update(zip(places, trained, strict=True))
    return [outcomes[place] for place in range(len(requests))]


def train_alone(request: SaeRequest, device: torch.device) -> SaeOutcome:
    """Train it by itself, without a stack."""
    try:
        return train_sae(
            request.config,
            request.y,
            epochs=request.epochs,
            seed=request.seed,
            device=device,
            held=request.held,
        )
    except TrialDiverged as error:
        # Its traceback would keep the training's tensors in memory.
        return error.with_traceback(None)
