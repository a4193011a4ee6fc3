"""Which SAEs can be trained as one stack, and how many."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from trainables.settings.sae import MatryoshkaSaeConfig

if TYPE_CHECKING:
    from trainables.sae_training.request import SaeRequest

# Codes of a whole stack's batch, such as 128 SAEs with 1,024 latents and batches of 1,024. A step keeps about
# ten tensors of this size, half a GiB each in float32.
LARGEST_STEP = 2**27


def stack_key(request: SaeRequest) -> Hashable:
    """What requests must have in common to be trained as one stack: shapes, number of steps, kind of product.

    They may differ in all else: y itself, seed, rates and their ramps, penalties, k, targets, AuxK, dead
    window, resampling, start, frozen decoder.
    """
    config = request.config
    kind: str = config.kind  # type: ignore[attr-defined]  # every kind's config names itself
    prefixes = config.prefixes if isinstance(config, MatryoshkaSaeConfig) else None
    shape = (tuple(request.y.shape), request.y.dtype, config.width, prefixes)
    return kind, shape, request.epochs, config.batch_size, config.precision


def stacks_of(requests: Sequence[SaeRequest]) -> list[list[int]]:
    """Their places, those of one stack together."""
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
