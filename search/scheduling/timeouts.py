"""Whether a trial's process was ended for taking too long, told from the outside.

The watchdog that ends such a process (see trainables.workers.trial_actor) can leave its mark only on that
machine's disk, which the driver may not see. What the driver can see is when the attempt began and when its
process died, and no attempt outlives its time; so a death at that time, of a process whose machine lives on,
is the watchdog's work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

MARK = "timeout.txt"
"""In a trial's folder; what the process was doing when the watchdog ended it."""
_DIED_ALONE = "its worker process has died"
"""Ray's words; of a process that went down with its node it says something else."""


class Attempts:
    """When the attempts at trials began, by Ray's trial ids, and which of them ran out of time.

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

    def began(self, trial_id: str) -> None:
        """A process took the trial."""
        self._began[trial_id] = self._clock()

    def died(self, trial_id: str, told: str) -> None:
        """The process was lost; `told` is what Ray says of it."""
        began = self._began.pop(trial_id, None)
        if began is None or _DIED_ALONE not in told:
            return
        if self._clock() - began >= self._timeout_s - self._slack_s:
            self._timed_out.add(trial_id)

    def timed_out(self, trial_id: str, folder: Path) -> bool:
        """Whether the watchdog ended the last attempt; its mark, where the driver sees it, is proof."""
        return trial_id in self._timed_out or marked(folder)


def marked(folder: Path) -> bool:
    """Whether a watchdog left its mark in a trial's folder; an empty one is of a step that is under way."""
    mark = folder / MARK
    return mark.is_file() and mark.stat().st_size > 0
