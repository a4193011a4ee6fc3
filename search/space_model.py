"""The settings of a space file outside `trial`: types, limits and one sentence each.

The same models check a file, write the JSON Schema that editors complete from, and fill defaults (those
of the dataclasses in `search.study`). An `enum` in a field's schema extra is a list of known names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from search import study
from search.space_fields import NAME_PATTERN
from trainables.metric_table import DEFAULT_SCORE_PARTS, METRICS, SCORE_PARTS
from trainables.registry import DATASETS


def _one_of(names: Iterable[str]) -> Any:
    return Field(json_schema_extra={"enum": list(names)})


MetricName = Annotated[str, _one_of(METRICS)]
DatasetName = Annotated[str, _one_of(DATASETS)]
ScorePart = Annotated[str, _one_of(SCORE_PARTS)]


class SpaceSection(BaseModel):
    """A frozen group of settings; an unknown key is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DataModel(SpaceSection):
    """Which images every trial sees."""

    name: DatasetName = Field(study.DataSource.name, description="Dataset; digits needs no download.")
    root: str | None = Field(
        study.DataSource.root,
        min_length=1,
        description="Folder that holds the files; else $SAE_SEARCH_DATA, else the user's cache folder.",
    )
    path: str | None = Field(study.DataSource.path, min_length=1, description="The .npz file of dataset npz.")
    limit: int | None = Field(
        study.DataSource.limit,
        ge=10,
        le=100_000_000,
        description="Keep at most so many images of each split.",
    )


class ObjectiveModel(SpaceSection):
    """A metric to push in one direction."""

    metric: MetricName = Field(description="Name of a metric, see METRICS.md.")
    mode: Literal["max", "min"] = Field(description="Which way is better.")


class ConstraintModel(SpaceSection):
    """Feasible when min <= metric <= max."""

    metric: MetricName = Field(description="Name of a metric, see METRICS.md.")
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
        study.Budget.trials,
        ge=1,
        le=1_000_000,
        description="Target total: raise it to continue a finished run.",
    )
    seed: int = Field(study.Budget.seed, ge=0, le=2**32 - 1, description="Everything random derives from it.")
    max_failures: int = Field(
        study.Budget.max_failures, ge=0, le=1_000_000, description="More failed trials than this end the run."
    )
    trial_timeout_s: float = Field(
        study.Budget.trial_timeout_s,
        gt=0,
        le=1e7,
        description="Seconds after which a trial counts as failed.",
    )


class SchedulerModel(SpaceSection):
    """Who stops trials early."""

    name: Literal["asha", "none"] = Field(
        study.Scheduler.name, description="asha stops trials at rungs; none trains every trial in full."
    )
    rungs: int = Field(
        study.Scheduler.rungs,
        ge=1,
        le=6,
        description="Pipelines per trial, the last with all of the training.",
    )
    reduction_factor: int = Field(
        study.Scheduler.reduction_factor, ge=2, le=16, description="One in so many survives a rung."
    )


class SamplerModel(SpaceSection):
    """Who proposes trials."""

    name: Literal["tpe", "random"] = Field(study.Sampler.name, description="tpe learns from finished trials.")
    startup_trials: int = Field(
        study.Sampler.startup_trials,
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

    cpu: float = Field(study.Resources.cpu, gt=0, le=1024, description="Cores.")
    gpu: Annotated[float, Field(ge=0, le=64)] | Literal["auto"] = Field(
        study.Resources.gpu, description="Devices, also a fraction of one; auto shares what is found."
    )


class ConfirmModel(SpaceSection):
    """What search/confirm.py trains again and scores on the test split."""

    top: int = Field(study.Confirm.top, ge=1, le=1000, description="Best trials that are confirmed.")
    seeds: int = Field(
        study.Confirm.seeds,
        ge=1,
        le=1000,
        description="Fresh seeds for each; 1 gives no standard error.",
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
