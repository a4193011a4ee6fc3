"""What all trials of a study have in common; light, for a driver to hand to its workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainables.metrics.metric import Metric

# What a retired metric was made of by default: checkpoints of then name it, so those of now do.
_FORMER_PARTS = ("junk", "purity", "alive", "splice")


@dataclass(frozen=True)
class Plan:
    """What all trials of a study have in common."""

    study_seed: int
    rungs: int
    reduction_factor: int
    metrics: tuple[str, ...] = ()
    """Those from elsewhere that rungs measure besides, by import path or name."""
    asked: tuple[str, ...] = ()
    """What a confirmation measures of the panel beside the metrics of every rung."""

    concepts: str = ""
    """The set of concepts that metrics are measured by; empty for none."""
    only: tuple[str, ...] = ()
    """If there are any, rungs measure these and what is measured by the set, and nothing else."""

    def kept(self, metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
        """The metrics that rungs measure, out of those for which all is there."""
        return tuple(m for m in metrics if not self.only or m.name in self.only or "concepts" in m.needs)

    def identity(self) -> list[Any]:
        """What of it decides a trial's course."""
        own = [self.study_seed, self.rungs, self.reduction_factor, list(_FORMER_PARTS)]
        own += [list(self.metrics)] if self.metrics else []
        return [*own, {"concepts": self.concepts, "only": list(self.only)}] if self.concepts else own
