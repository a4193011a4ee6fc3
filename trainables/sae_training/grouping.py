"""Which SAEs can be trained as one stack, and how many."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainables.sae_training.request import SaeRequest
    from trainables.settings.sae import SaeTrainingConfig

# Codes of a whole stack's batch, such as 128 SAEs with 1,024 latents and batches of 1,024. A step keeps about
# ten tensors of this size, half a GiB each in float32.
LARGEST_STEP = 2**27


def stacks(config: SaeTrainingConfig) -> bool:
    """Whether the config's kind can be trained in a stack at all, if only of one."""
    return vars(type(config)).get("varying") is not None


def stack_key(request: SaeRequest) -> Hashable:
    """What requests must have in common to be trained as one stack: inputs' shape, epochs, and all settings.

    They may differ in what their kind declares as `varying`, in y itself, seed and what is held. A kind
    that declares nothing is trained by itself: a setting that nobody thought of must not train wrongly.
    """
    config = request.config
    varying = vars(type(config)).get("varying")
    alone = id(request) if varying is None else None
    agreed = json.dumps(config.model_dump(exclude=set(varying or ())), sort_keys=True)
    return type(config), agreed, tuple(request.y.shape), request.y.dtype, request.epochs, alone


def stacks_of(requests: Sequence[SaeRequest]) -> list[list[int]]:
    """Places of the requests, those of one stack together."""
    groups: dict[object, list[int]] = {}
    for place, request in enumerate(requests):
        groups.setdefault(stack_key(request), []).append(place)
    stacks = []
    for places in groups.values():
        most = members_at_most(requests[places[0]])
        stacks += [places[start : start + most] for start in range(0, len(places), most)]
    return stacks


def members_at_most(request: SaeRequest) -> int:
    """So many of its shape fit into the device's memory, with much to spare."""
    codes = min(request.config.batch_size, len(request.y)) * request.config.width
    return max(1, LARGEST_STEP // codes)
