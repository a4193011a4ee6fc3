"""The driver's modules as a simulation has them: time that it moves on, names that repeat, no Ray."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from unittest.mock import patch

from search.execution import recorded_session
from search.loggers.tensorboard_events import TensorBoardLogger
from search.run_dir import own_space, run_info
from search.space.loader import load_text
from tests.simulation.virtual_ray import VirtualRay

EPOCH = 1_700_000_000.0
load_once = lru_cache(maxsize=50)(load_text)


@contextmanager
def in_virtual_time(ray: VirtualRay, seed: int) -> Iterator[None]:
    """For the length of the block the clock is that of `ray`, which runs the trials; seed: of names."""
    defaults = TensorBoardLogger.__init__.__kwdefaults__
    assert defaults is not None
    names = random.Random(seed)
    with ExitStack() as stack:
        for place, name, value in (
            (time, "time", lambda: EPOCH + ray.now),
            (uuid, "uuid4", lambda: uuid.UUID(int=names.getrandbits(128))),
            (recorded_session, "run_trials", ray.run_trials),
            (own_space, "load_text", load_once),
            (run_info, "describe_process", dict),
        ):
            stack.enter_context(patch.object(place, name, value))
        stack.enter_context(patch.dict(defaults, clock=lambda: ray.now))
        yield
