"""The settings of a space file outside `trial`: types, limits and one sentence each.

The same models check a file, write the JSON Schema that editors complete from, and fill defaults (those
of the dataclasses in `search.study.study`). An `enum` in a field's schema extra is a list of known names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from search.study.registries import SAMPLERS, SCHEDULERS
from trainables.metrics.catalog import DEFAULT_SCORE_PARTS, METRICS, SCORE_PARTS
from trainables.registry import DATASETS
from trainables.settings.names import Name

if TYPE_CHECKING:
    pass


Mode = Literal["max", "min"]


@dataclass(frozen=True)
class Objective:
    """A metric to push in one direction."""

    metric: str
    mode: Mode


@dataclass(frozen=True)
class Constraint:
    """Feasible when min <= metric <= max."""

    metric: str
    min: float | None = None
    max: float | None = None

    def violation(self, value: float) -> float:
        """How far `value` lies outside, 0 when feasible, in the metric's own unit."""
        below = 0.0 if self.min is None else self.min - value
        above = 0.0 if self.max is None else value - self.max
        return max(0.0, below, above)


@dataclass(frozen=True)
class DataSource:
    """Which images. `root` and `path` are absolute once resolved by the driver; `settings` are those that
    only the dataset named has."""

    name: str = "digits"
    root: str | None = None
    path: str | None = None
    limit: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def flat(self) -> dict[str, Any]:
        """As the file writes it: what is given, the dataset's own settings among the rest."""
        own = {key: value for key, value in vars(self).items() if key != "settings" and value is not None}
        return {**own, **self.settings}


@dataclass(frozen=True)
class Budget:
    """`trials` is a target total, so that a finished run continues when it is raised."""

    trials: int = 40
    seed: int = 0
    max_failures: int = 10
    trial_timeout_s: float = 600.0


@dataclass(frozen=True)
class Scheduler:
    """`asha` stops trials at rungs; `none` trains every trial in full (one rung)."""

    name: str = "asha"
    rungs: int = 3
    reduction_factor: int = 3


@dataclass(frozen=True)
class Sampler:
    """Who proposes the next trial."""

    name: str = "tpe"
    startup_trials: int = 10


@dataclass(frozen=True)
class Resources:
    """What one trial occupies. `gpu` is "auto" or a (fractional) number of devices."""

    cpu: float = 1.0
    gpu: float | Literal["auto"] = "auto"


@dataclass(frozen=True)
class Confirm:
    """What is trained again: the `top` best trials and the default, each on `seeds` fresh seeds."""

    top: int = 3
    seeds: int = 5


# Of a run's or a direction's name.
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


def _one_of(names: Iterable[str]) -> Any:
    return Field(json_schema_extra={"enum": list(names)})


MetricName = Annotated[str, _one_of(METRICS)]
DatasetName = Annotated[str, Name(DATASETS)]
ScorePart = Annotated[str, _one_of(SCORE_PARTS)]


class SpaceSection(BaseModel):
    """A frozen group of settings; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataModel(SpaceSection):
    """Which images every trial sees."""

    name: DatasetName = Field(DataSource.name, description="Dataset; digits needs no download.")
    root: str | None = Field(
        DataSource.root,
        min_length=1,
        description="Folder that holds the files; else $SAE_SEARCH_DATA, else the user's cache folder.",
    )
    path: str | None = Field(DataSource.path, min_length=1, description="The .npz file of dataset npz.")
    limit: int | None = Field(
        DataSource.limit,
        ge=10,
        le=100_000_000,
        description="Keep at most so many images of each split.",
    )


class ObjectiveModel(SpaceSection):
    """A metric to push in one direction."""

    metric: MetricName = Field(description="Name of a metric; python -m trainables.metrics.table lists them.")
    mode: Literal["max", "min"] = Field(description="Which way is better.")


class ConstraintModel(SpaceSection):
    """Feasible when min <= metric <= max."""

    metric: MetricName = Field(description="Name of a metric; python -m trainables.metrics.table lists them.")
    min: float | None = Field(None, description="Smallest value allowed.")
    max: float | None = Field(None, description="Largest value allowed.")


class ScoreModel(SpaceSection):
    """What interpretability/score is the geometric mean of."""

    parts: list[ScorePart] = Field(
        list(DEFAULT_SCORE_PARTS), min_length=1, description="Skills, each 0 at its null and 1 when perfect."
    )


class BudgetModel(SpaceSection):
    """When the run ends."""

    trials: int = Field(
        Budget.trials,
        ge=1,
        le=1_000_000,
        description="Target total: raise it to continue a finished run.",
    )
    seed: int = Field(Budget.seed, ge=0, le=2**32 - 1, description="Everything random derives from it.")
    max_failures: int = Field(
        Budget.max_failures, ge=0, le=1_000_000, description="More failed trials than this end the run."
    )
    trial_timeout_s: float = Field(
        Budget.trial_timeout_s,
        gt=0,
        le=1e7,
        description="Seconds after which a trial counts as failed.",
    )


class SchedulerModel(SpaceSection):
    """Who stops trials early."""

    name: Annotated[str, Name(SCHEDULERS)] = Field(
        Scheduler.name, description="asha stops trials at rungs; none trains every trial in full."
    )
    rungs: int = Field(
        Scheduler.rungs,
        ge=1,
        le=6,
        description="Pipelines per trial, the last with all of the training.",
    )
    reduction_factor: int = Field(
        Scheduler.reduction_factor, ge=2, le=16, description="One in so many survives a rung."
    )


class SamplerModel(SpaceSection):
    """Who proposes the next trial."""

    name: Annotated[str, Name(SAMPLERS)] = Field(Sampler.name, description="tpe learns from finished trials.")
    startup_trials: int = Field(
        Sampler.startup_trials,
        ge=1,
        le=1_000_000,
        description="Random trials before tpe begins to model.",
    )


class DesignModel(SpaceSection):
    """An ablation instead of a sampler: every direction alone against the trial as it stands.

    Each arm is trained once for every replicate, with the same replicate in all arms, so that effects are
    differences of pairs. budget.trials is then (directions + 1) x replicates and may be left out; without
    a scheduler in the file no trial is stopped early.
    """

    replicates: int = Field(ge=1, le=1000, description="Trainings of every arm, each with seeds of its own.")
    one_at_a_time: dict[str, dict[str, str | int | float | bool]] = Field(
        min_length=1,
        description="Name of each direction -> what it sets otherwise, as {sae.kind: relu, sae.l1: 2}.",
    )


class ResourcesModel(SpaceSection):
    """What one trial occupies."""

    cpu: float = Field(Resources.cpu, gt=0, le=1024, description="Cores.")
    gpu: Annotated[float, Field(ge=0, le=64)] | Literal["auto"] = Field(
        Resources.gpu, description="Devices, also a fraction of one; auto shares what is found."
    )


class ConfirmModel(SpaceSection):
    """What search/confirm.py trains again and scores on the test split."""

    top: int = Field(Confirm.top, ge=1, le=1000, description="Best trials that are confirmed.")
    seeds: int = Field(
        Confirm.seeds,
        ge=1,
        le=1000,
        description="Fresh seeds for each; 1 gives no standard error.",
    )


class ReportModel(SpaceSection):
    """What analysis/report.py shows beside its own sections."""

    sections: str = Field(
        "",
        description="Sections from elsewhere: package.module:function or the name under which a package has "
        "it, several separated by a blank.",
    )


class SpaceModel(SpaceSection):
    """A search: the question, the data, what counts as good, how long, and the trial."""

    name: str = Field(pattern=NAME_PATTERN, max_length=100, description="Begins the run directory's name.")
    question: str = Field(min_length=1, max_length=2000, description="What the search shall answer.")
    data: DataModel = DataModel()
    objectives: list[ObjectiveModel] = Field(
        min_length=1, description="One: trials are ranked by it. Several: a Pareto front."
    )
    constraints: list[ConstraintModel] = Field([], description="What a trial must satisfy to count.")
    score: ScoreModel = ScoreModel()
    budget: BudgetModel = BudgetModel()
    scheduler: SchedulerModel = SchedulerModel()
    sampler: SamplerModel = SamplerModel()
    design: DesignModel | None = Field(None, description="An ablation in place of a search; no sampler then.")
    resources: ResourcesModel = ResourcesModel()
    confirm: ConfirmModel = ConfirmModel()
    report: ReportModel = ReportModel()
