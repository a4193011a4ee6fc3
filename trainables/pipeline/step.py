"""What one step of a trial did, as it is told and kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EpochReport:
    """The classifier's metrics after `epoch` epochs of training, those of all cycles together."""

    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Step:
    """What one step did. `rung` (from 1) and the whole set of metrics come with the step that ends a rung;
    other steps have rung None and the metrics of their last epoch."""

    reports: tuple[EpochReport, ...]
    epoch: int
    rung: int | None
    metrics: dict[str, float]
    done: bool


@dataclass(frozen=True)
class Restored:
    """Where a checkpoint left off: the step that it followed, and what `save` returned for it."""

    step: Step
    record: dict[str, str]


def step_from(fields: Mapping[str, Any]) -> Step:
    """The step that `dataclasses.asdict` and JSON made `fields` of."""
    reports = tuple(EpochReport(report["epoch"], report["metrics"]) for report in fields["reports"])
    return Step(reports, fields["epoch"], fields["rung"], fields["metrics"], fields["done"])
