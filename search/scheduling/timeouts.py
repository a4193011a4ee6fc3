"""Whether a trial's process was ended for taking too long, told from the outside.

The watchdog that ends such a process (see trainables.workers.trial_actor) can leave its mark only on that
machine's disk, which the driver may not see. What the driver can see is when the attempt began and when its
process died, and no attempt outlives its time; so a death at that time, of a process whose machine lives on,
is the watchdog's work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from search.scheduling.lost_process import Loss, loss_of

MARK = "timeout.txt"
"""In a trial's folder; what the process was doing when the watchdog ended it."""
WATCHDOG_IS_LATE_S = 10.0
"""How much later than a watchdog inside the process the driver gives up on it."""
STARTS_WITHIN_S = 300.0
"""What a process gets to start, on top: its watchdog does not run before its libraries are loaded."""
ATTENTIVE_S = 2.0
"""What a pause between two looks at the workers counts at most."""
Worker = TypeVar("Worker", bound=Hashable)
_DIED_ALONE = "its worker process has died"
"""Ray's words; of a process that went down with its node it says something else."""


class Attempts:
    """When the attempts at trials began, by Ray's trial ids, which of them ran out of time, how others ended.

    timeout_s: what an attempt may take; overrun: the reason of a trial that took longer. The driver hears of
    an attempt's beginning late, by as much as it is busy, so a death shortly before the end of that time
    counts too.
    """

    def __init__(self, timeout_s: float, overrun: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.overrun = overrun
        self._timeout_s, self._clock = timeout_s, clock
        self._slack_s = max(2.0, 0.05 * timeout_s)
        self._began: dict[str, float] = {}
        self._timed_out: set[str] = set()
        self._losses: dict[str, Loss] = {}

    def began(self, trial_id: str) -> None:
        """A process took the trial."""
        self._began[trial_id] = self._clock()

    def died(self, trial_id: str, told: str) -> None:
        """The process was lost; `told` is what Ray says of it."""
        loss = self._losses[trial_id] = loss_of(told)
        began = self._began.pop(trial_id, None)
        late = began is not None and self._clock() - began >= self._timeout_s - self._slack_s
        if loss.frozen or (late and _DIED_ALONE in told):
            self._timed_out.add(trial_id)

    def loss(self, trial_id: str) -> Loss:
        """How the last attempt was lost, if not by time."""
        return self._losses.get(trial_id, Loss())

    def timed_out(self, trial_id: str, folder: Path) -> bool:
        """Whether the watchdog ended the last attempt; its mark, where the driver sees it, is proof."""
        return trial_id in self._timed_out or marked(folder)


def marked(folder: Path) -> bool:
    """Whether a watchdog left its mark in a trial's folder; an empty one is of a step that is under way."""
    mark = folder / MARK
    return mark.is_file() and mark.stat().st_size > 0


class FrozenWorkers(Generic[Worker]):
    """Which workers have been silent for longer than the watchdog in them allows: they cannot run it.

    To be asked all the time. A driver that was stopped itself, with results waiting that it has not seen,
    must not judge by the clock; so of a pause between two askings only `ATTENTIVE_S` count.
    """

    def __init__(self, timeout_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed_s = 1.05 * timeout_s + WATCHDOG_IS_LATE_S
        self._clock, self._watched_s, self._looked = clock, 0.0, clock()
        self._since: dict[Worker, float] = {}

    def began(self, worker: Worker) -> None:
        """The worker's time runs from now."""
        self._since[worker] = self._watched_s

    def overdue(self, busy: Iterable[Worker]) -> list[Worker]:
        """Of the workers that owe an answer, those that do so for too long; others are forgotten."""
        now = self._clock()
        self._watched_s += min(now - self._looked, ATTENTIVE_S)
        self._looked = now
        starting = self._watched_s + STARTS_WITHIN_S
        self._since = {worker: self._since.get(worker, starting) for worker in busy}
        return [worker for worker, then in self._since.items() if self._watched_s - then > self._allowed_s]
