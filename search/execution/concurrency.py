"""How many trials a Ray cluster can take, now and a little later: nodes join and leave during a search."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from search.errors import ClusterError, Halt
from search.execution.resources import GrantedResources, NodeResources, places, resolve, too_big
from search.study.sections import Resources

LOOK_EVERY_S = 5.0
GROWS_WITHIN_S = 600.0
"""An autoscaler that brought no node for so long is taken to be at its limit, or without machines."""
NODE_COMES_WITHIN_S = {False: 60.0, True: 1200.0}
"""How long a search without a fitting node waits for one; longer where an autoscaler may bring it."""


class ConcurrencyLimiter:
    """Places for trials, looked up every few seconds.

    Looking it up is a call to Ray's head, which blocks for a minute when the head is gone.
    """

    def __init__(
        self,
        resources: Resources,
        nodes: Callable[[], Sequence[NodeResources]],
        autoscales: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ClusterError with have and need if no node fits a trial and none can be expected."""
        self._nodes, self._autoscales, self._clock = nodes, autoscales, clock
        found = nodes()
        self.granted: GrantedResources = resolve(resources, found)
        self._places = places(self.granted, found)
        if not self._places and not autoscales:
            raise ClusterError(too_big(self.granted, found))
        self._looked = self._grew = self._fitted = clock()

    def concurrency(self) -> int:
        """Trials that may be in Ray's hands at once.

        On a cluster that autoscales these are more than fit: only trials that wait make it start machines.
        As many wait as run, so that the cluster can double; if no machine came for a while, only one waits,
        because a trial that waits was proposed without the results of those that run.
        """
        self._look_again()
        if not self._autoscales:
            # Tune blocks, deaf to signals, when nothing runs and nothing waits.
            return max(1, self._places)
        recently = self._clock() - self._grew < GROWS_WITHIN_S
        return self._places + (max(1, self._places) if recently else 1)

    def check(self) -> None:
        """Raise Halt if there has been no node for a trial for longer than one may take to come."""
        self._look_again()
        waited = self._clock() - self._fitted
        if not self._places and waited > NODE_COMES_WITHIN_S[self._autoscales]:
            why = too_big(self.granted, self._nodes())
            raise Halt(ClusterError(f"no node for a trial has come for {waited:.0f} s: {why}"))

    def _look_again(self) -> None:
        now = self._clock()
        if now - self._looked < LOOK_EVERY_S:
            return
        before, self._places = self._places, places(self.granted, self._nodes())
        self._looked = now
        if self._places > before:
            self._grew = now
        if self._places:
            self._fitted = now
