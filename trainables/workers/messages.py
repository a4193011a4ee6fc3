"""What driver and worker tell each other of a trial: the driver a `TrialTask`, the worker a `StepResult`.

Ray takes a mapping as a trial's config, and flattens the one that it brings back; hence the one JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LONGEST_REASON = 2000
"""An exception's text may be megabytes long."""
MEMBER_MISSING = "member"
"""How the failure begins of a trial whose machine lacks a member from outside that the driver has."""


@dataclass(frozen=True)
class TrialTask:
    """Which trial a worker trains."""

    number: int
    folder: str
    """Its folder inside `trials/`."""
    trial: Mapping[str, Any]
    """Its settings, nested as in a space file."""
    passed: int = 0
    """The last rung that the driver has on record."""

    def dump(self) -> dict[str, Any]:
        """The mapping that Ray hands to a worker as the config of a trial."""
        return dict(vars(self))

    @staticmethod
    def parse(config: Mapping[str, Any]) -> TrialTask:
        """The inverse of `dump`."""
        return TrialTask(**config)


@dataclass(frozen=True)
class StepReport:
    """Metrics after an epoch; `rung` counts from 1, None between rungs."""

    epoch: int
    rung: int | None
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class StepResult:
    """What one step of a trial did; the last report is the step's own."""

    reports: tuple[StepReport, ...] = ()
    checkpoint: Mapping[str, str] | None = None
    """What `trainables.storage.checkpoint` says of the folder it wrote."""
    next_rung: int | None = None
    """The rung whose SAE comes next, once the classifier is trained for it."""
    failure: str | None = None
    """Why the trial is over, if it failed."""

    def dump(self) -> dict[str, str]:
        """The mapping that a worker gives back to Ray as its result."""
        return {"step": json.dumps(asdict(self))}

    @staticmethod
    def parse(result: Mapping[str, Any]) -> StepResult:
        """The inverse of `dump`."""
        said = json.loads(result["step"])
        return StepResult(**{**said, "reports": tuple(StepReport(**report) for report in said["reports"])})


def shortened(reason: str) -> str:
    """A reason as driver and ledger take it: its beginning, if it is very long."""
    if len(reason) <= LONGEST_REASON:
        return reason
    return f"{reason[:LONGEST_REASON]} ... ({len(reason):,} characters)"
