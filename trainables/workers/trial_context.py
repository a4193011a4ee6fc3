"""What a driver tells its workers once; light, so that the driver need not load what they train with."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.pipeline.plan import Plan
from trainables.workers.shipped_code import ShippedCode


@dataclass(frozen=True)
class TrialContext:
    """What all trials of a run share. Paths are absolute, because a worker's cwd is Ray's."""

    trials_dir: str
    plan: Plan
    cache_dir: str | None
    cache_bytes: int
    timeout_s: float
    threads: int
    gpus: float
    timeout_name: str = "budget.trial_timeout_s"
    """What the user set `timeout_s` by, for the message."""
    storage: str | None = None
    """The run's place on storage that all nodes see; None when all share the driver's disk."""
    code: tuple[ShippedCode, ...] = ()
    """What kinds from outside are imported from."""
    home_node: str | None = None
    """Ray's id of the driver's node, where trials are written into the run directory itself."""

    @property
    def overrun(self) -> str:
        """The reason of a trial that took longer than it may."""
        return f"timeout: longer than {self.timeout_name} = {self.timeout_s:g}"
