"""SAEs that will be needed one after the other, trained together before the first of them is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from trainables.sae_training.request import SaeResult
from trainables.stages.fitting import SaeTask, sae_entry
from trainables.stages.runner import StageRunner


def train_ahead(stages: StageRunner, tasks: Sequence[SaeTask]) -> None:
    """Train those that the cache lacks in one call, and leave them there for whoever runs the tasks.

    One that diverges is left out, and diverges again where it is needed. Without a cache there is no place
    for them, and nothing is done.
    """
    if stages.cache is None:
        return
    wanted = [task for task in tasks if not stages.cache.holds(task.key)]
    if not wanted:
        return
    requests = [task.request() for task in wanted]
    for task, outcome in zip(wanted, stages.train_saes(requests, stages.device), strict=True):
        if isinstance(outcome, SaeResult):
            stages.run(task.stage, task.key, partial(sae_entry, outcome))
