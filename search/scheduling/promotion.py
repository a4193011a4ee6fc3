"""Asynchronous successive halving that pauses (Li et al. 2020, arXiv 1810.05934); pure as the one that stops.

Every trial waits at each rung. Whenever a worker is free, the best trial that waits is taken up again, from
the highest rung at which it is among the best 1/reduction_factor; a trial that waited long is promoted when
enough worse ones have come. Stopping decides once, by the few that came before; this one never has to.
"""

from __future__ import annotations

from search.scheduling.rung_order import KEEP, RungOrder, Standing


class Promotion:
    """What waits at each rung, and what went on. Rungs count from 1."""

    pauses = True
    """The scheduler asks `candidate` instead of `survives`."""

    def __init__(self, reduction_factor: int, ties: str = KEEP) -> None:
        self._reduction_factor, self._ties = reduction_factor, ties
        self._rungs: dict[int, RungOrder] = {}
        self._gone: set[tuple[int, int]] = set()

    def record(self, rung: int, trial: int, standing: Standing) -> None:
        """A trial is at a rung; its second standing is ignored."""
        self._rungs.setdefault(rung, RungOrder()).add(trial, standing)

    def went_on(self, rung: int, trial: int) -> None:
        """A trial left a rung, up or for good."""
        self._gone.add((rung, trial))

    def candidate(self) -> tuple[int, int] | None:
        """The rung and the trial that shall go on next."""
        for rung, seen in sorted(self._rungs.items(), reverse=True):
            for trial in seen.best(len(seen) // self._reduction_factor, self._ties):
                if (rung, trial) not in self._gone:
                    return rung, trial
        return None

    def survives(self, rung: int, trial: int, standing: Standing) -> bool:
        """Record a trial, and whether it goes on without a pause, as the next that would."""
        self.record(rung, trial, standing)
        return self.candidate() == (rung, trial)

    def hopeless(self, rung: int, least_violation: float) -> bool:  # noqa: ARG002
        """Nobody is, since worse ones may come."""
        return False

    def reason(self, rung: int) -> str:
        """Why a trial that waits at a rung when the search ends was not promoted."""
        return f"never in the top 1/{self._reduction_factor} at rung {rung}"
