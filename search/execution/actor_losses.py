"""Every system error of Ray, and every frozen worker, is one trial's loss, never the search's end.

Ray Tune expects of a step that it returns, raises, or dies with its actor. Whatever else Ray reports of it
(ended by the memory monitor, its node died, its object was lost, the disk is full ...) Tune raises out of
`tuner.fit()`. `losses_end_attempts` is the one place that prevents it: for the length of the block Tune
builds its controller upon a manager of actors that translates.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ray
import ray.tune.execution.tune_controller as tune_controller
from ray.air.execution._internal import RayActorManager, TrackedActor
from ray.exceptions import RayActorError, RayTaskError

from search.scheduling.lost_process import FROZEN, system_error
from search.scheduling.timeouts import FrozenWorkers

SETTLES_S = 0.3
"""When Ray itself ends, its workers' deaths are heard of first."""


@contextmanager
def losses_end_attempts(check: Callable[[], None], timeout_s: float) -> Iterator[None]:
    """`check` is called before an attempt is given up: it raises Halt if Ray itself is gone, which is no
    trial's loss. timeout_s: what an attempt may take; a worker that is silent for longer is ended."""

    class Manager(_ActorManager):
        still_there = staticmethod(check)
        silent = FrozenWorkers[TrackedActor](timeout_s)

    tune_controller.RayActorManager = Manager  # type: ignore[attr-defined]
    try:
        yield
    finally:
        tune_controller.RayActorManager = RayActorManager  # type: ignore[attr-defined]


class _ActorManager(RayActorManager):
    still_there: Callable[[], None]
    silent: FrozenWorkers[TrackedActor]

    def __init__(self, resource_manager: Any) -> None:  # Ray's own clean-up calls it again
        super().__init__(resource_manager)
        self._frozen: set[Any] = set()
        self._seen: set[Any] = set()

    def next(self, timeout: float | None = None) -> bool:
        awaited = {*self._actor_task_events.get_futures(), *self._actor_state_events.get_futures()}
        busy = [
            actor
            for actor in self._live_actors_to_ray_actors_resources
            if not awaited.isdisjoint(self._tracked_actors_to_task_futures.get(actor, ()))
            or not awaited.isdisjoint(self._tracked_actors_to_state_futures.get(actor, ()))
        ]
        for actor in self.silent.overdue(busy):
            self._frozen.add(actor)
            ray.kill(self._live_actors_to_ray_actors_resources[actor][0])
        return bool(super().next(timeout))

    def _schedule_tracked_actor_task(self, tracked_actor_task: Any, method_name: str, **how: Any) -> Any:
        # A trial's time runs from its process' start or from its taking it over, step after step.
        actor = tracked_actor_task._tracked_actor
        if method_name == "reset" or actor not in self._seen:
            self._seen.add(actor)
            self.silent.began(actor)
        return super()._schedule_tracked_actor_task(tracked_actor_task, method_name, **how)

    def _still_there(self) -> None:
        time.sleep(SETTLES_S)
        self.still_there()

    def _actor_start_failed(self, tracked_actor: Any, exception: Exception) -> None:
        self._still_there()
        super()._actor_start_failed(tracked_actor, self._as_loss(tracked_actor, exception))

    def _actor_task_failed(self, tracked_actor_task: Any, exception: Exception) -> None:
        if not isinstance(exception, RayTaskError):
            self._still_there()
            exception = self._as_loss(tracked_actor_task._tracked_actor, exception)
        super()._actor_task_failed(tracked_actor_task, exception)

    def _as_loss(self, tracked_actor: Any, error: Exception) -> Exception:
        """The error as an actor's end; a process that lives on, as when its result is lost, is ended."""
        frozen = tracked_actor in self._frozen
        if isinstance(error, RayActorError) and not frozen:
            return error
        actor, _ = self._live_actors_to_ray_actors_resources[tracked_actor]
        ray.kill(actor)
        kind = FROZEN if frozen else type(error).__name__
        return RayActorError(error_msg=system_error(kind, actor._actor_id.hex(), str(error)))
