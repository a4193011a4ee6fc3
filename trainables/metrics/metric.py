"""What a metric is: an object that says its name, its meaning and its chance, and how it is measured.

A metric is one file: a `Metric` and the function that computes it, with the formula or a call of one. The
file is listed in `catalog.ENTRIES`, or named from outside by its import path. Checking a space file
reads these objects, so such a file imports torch and the formulas inside its functions, not at its top.

    name        the plain value
    name_null   its chance level on the same data, where the metric has one
    name_skill  from chance (0) to perfect (1)
    references  other methods' values shown beside it, each under a name of its own; they define no skill
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from trainables.metrics.chance import above_chance

if TYPE_CHECKING:
    from torch import Tensor

    from trainables.metrics.inputs import MetricInputs, ReferenceInputs

Mode = Literal["max", "min"]
# epoch: after every classifier epoch; rung: at every rung; final: once, at full budget; confirm: only when a
# finished configuration is confirmed on the test split.
When = Literal["epoch", "rung", "final", "confirm"]
# key: one of the few that matter first; experimental: its signal is poor, see docs/metrics.md.
Standing = Literal["key", "plain", "experimental"]
# What a metric cannot do without beside codes and activations; twin: a second SAE that differs in its seed;
# concepts: bits of a set that the run names.
Need = Literal["labels", "images", "network", "twin", "concepts"]
Role = Literal["value", "null", "skill", "reference"]

NULL, SKILL = "_null", "_skill"
# Said wherever such a metric is explained.
PROXY = " (proxy)"


@dataclass(frozen=True, eq=False)
class Reference:
    """Tensors that depend on the classifier but not on the SAE: nulls and other methods' values.

    Trials that share a classifier share them through a cache, whose key holds names and versions: raise
    `version` when `compute` gives other results. `compute` returns its tensors by names of its own.
    """

    name: str
    compute: Callable[[ReferenceInputs], Mapping[str, Tensor]]
    version: int = 1


@dataclass(frozen=True)
class Score:
    """A metric's value beside its chance level and its references, by their full names."""

    value: float
    null: float | None = None
    references: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric. `null` says in words what chance is, "" for a metric that has none; perfect is then 1, or
    0 where smaller is better. `references` says what each reference is. `proxy` marks a metric whose
    rank correlation with planted truth is below .5, see docs/metric_truth.md: not to be believed alone."""

    name: str
    description: str
    mode: Mode | None
    compute: Callable[[MetricInputs], float | Score]
    when: When = "rung"
    unit: str = ""
    null: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    reads: tuple[Reference, ...] = ()
    needs: tuple[Need, ...] = ()
    standing: Standing = "plain"
    proxy: bool = False

    def columns(self) -> dict[str, Column]:
        """Every number that it is reported as, by name."""
        told = self.description + (PROXY if self.proxy else "")
        columns = {self.name: Column(told, self.mode, self.when, "value", self)}
        if self.null:
            chance = f"chance level of {self.name} on the same data: {self.null}"
            skill = f"{self.name} from chance (0) to perfect (1)" + (PROXY if self.proxy else "")
            columns[self.name + NULL] = Column(chance, None, self.when, "null", self)
            columns[self.name + SKILL] = Column(skill, "max", self.when, "skill", self)
        for name, meaning in self.references.items():
            columns[name] = Column(f"{meaning} (reference)", None, self.when, "reference", self)
        return columns

    def measure(self, inputs: MetricInputs) -> dict[str, float]:
        """The columns for one model. Raises RuntimeError if `compute` does not return what was declared."""
        found = self.compute(inputs)
        score = found if isinstance(found, Score) else Score(float(found))
        values = {self.name: float(score.value)}
        if score.null is not None:
            values[self.name + NULL] = float(score.null)
            values[self.name + SKILL] = self.skill(float(score.value), float(score.null))
        values |= {name: float(value) for name, value in score.references.items()}
        if set(values) != set(self.columns()):
            different = ", ".join(sorted(set(values) ^ set(self.columns())))
            raise RuntimeError(f"the metric {self.name} does not compute what it declares: {different}")
        return values

    def skill(self, value: float, null: float) -> float:
        """0 at chance, 1 at perfection; 0 where chance is perfect already."""
        if self.mode == "min":
            return (null - value) / null if null > 0 else 0.0
        return above_chance(value, null)


@dataclass(frozen=True)
class Column:
    """One number as it is reported: what it says, which way is better, when it exists first."""

    description: str
    mode: Mode | None
    when: When
    role: Role
    metric: Metric
