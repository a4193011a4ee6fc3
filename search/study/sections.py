"""The sections of a space file outside `trial`: types, limits, defaults and one sentence each.

The same classes check a file, fill its defaults, write the JSON Schema that editors complete from, and are
what a `Study` is made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from search.study.registries import REPORT_SECTIONS, SAMPLERS, SCHEDULERS
from trainables.metrics.catalog import METRICS, RETIRED
from trainables.registry import CONCEPT_TABLES, DATASETS
from trainables.settings.auxiliary import CONCEPT_FILE, CONCEPT_TABLE
from trainables.settings.data import DataConfig
from trainables.settings.names import Name
from trainables.settings.section import Section

Mode = Literal["max", "min"]
MetricName = Annotated[str, Name(METRICS)]
# What a run judges by; those of older versions may have judged by what is retired.
JudgedName = Annotated[str, Name(METRICS, retired=RETIRED)]
# Of a run's or a direction's name.
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class DataSource(Section):
    """Which images every trial sees. A dataset's own settings are fields of `DataSource.of(dataset)`; places
    are absolute once resolved by the driver."""

    name: Annotated[str, Name(DATASETS)] = Field("digits", description="Dataset; digits needs no download.")
    root: str | None = Field(
        None,
        min_length=1,
        description="Folder that holds the files; else $SAE_SEARCH_DATA, else the user's cache folder.",
    )
    path: str | None = Field(
        None,
        min_length=1,
        description="npz: the file; image_folder: the folder; module: package.module:function.",
    )
    limit: int | None = Field(
        None, ge=10, le=100_000_000, description="Keep at most so many images of each split."
    )

    @staticmethod
    @cache
    def of(own: type[DataConfig]) -> type[DataSource]:
        """The section with the settings that only one dataset has."""
        return type("DataSource", (own, DataSource), {"__doc__": DataSource.__doc__})

    @property
    def settings(self) -> dict[str, object]:
        """The settings that only its dataset has."""
        return {key: value for key, value in vars(self).items() if key not in DataSource.model_fields}

    def given(self) -> dict[str, object]:
        """What the file writes: all settings that are not None."""
        return {key: value for key, value in vars(self).items() if value is not None}


class Objective(Section):
    """A metric to push in one direction."""

    metric: JudgedName = Field(description="Name of a metric; python -m trainables.metrics.table lists them.")
    mode: Mode = Field(description="Which way is better.")


class Constraint(Section):
    """Feasible when min <= metric <= max."""

    metric: JudgedName = Field(description="Name of a metric; python -m trainables.metrics.table lists them.")
    min: float | None = Field(None, description="Smallest value allowed.")
    max: float | None = Field(None, description="Largest value allowed.")

    def violation(self, value: float) -> float:
        """How far `value` lies outside, 0 when feasible, in the metric's own unit."""
        below = 0.0 if self.min is None else self.min - value
        above = 0.0 if self.max is None else value - self.max
        return max(0.0, below, above)


class Budget(Section):
    """When the run ends."""

    trials: int = Field(
        40, ge=1, le=1_000_000, description="Target total: raise it to continue a finished run."
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Everything random derives from it.")
    max_failures: int = Field(10, ge=0, le=1_000_000, description="More failed trials than this end the run.")
    trial_timeout_s: float = Field(
        600.0, gt=0, le=1e7, description="Seconds after which a trial counts as failed."
    )
    hours: float = Field(
        0.0, ge=0, le=1e6, description="No trial begins after so many hours of all sessions; 0: no limit."
    )
    processor_hours: float = Field(
        0.0,
        ge=0,
        le=1e9,
        description="No trial begins after so many hours of workers, times the cores of one; 0: no limit.",
    )
    plateau_trials: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Stop when so many trials in a row have added next to nothing; 0: never.",
    )
    plateau_gain: float = Field(
        0.01, gt=0, lt=1, description="What is next to nothing: this share of the hypervolume reached."
    )


class Scheduler(Section):
    """Who stops trials early."""

    name: Annotated[str, Name(SCHEDULERS)] = Field(
        "asha",
        description="asha stops trials at rungs; promotion pauses them there and takes the best up again; "
        "median stops the worse half; none trains every trial in full.",
    )
    rungs: int = Field(3, ge=1, le=6, description="Pipelines per trial, the last with all of the training.")
    reduction_factor: int = Field(3, ge=2, le=16, description="One in so many survives a rung.")
    ties: Literal["keep", "crowding", "epsilon_net"] = Field(
        "keep",
        description="Of a front that has too few places: keep lets all go on, crowding and epsilon_net those "
        "that are farthest apart.",
    )
    brackets: int = Field(
        1,
        ge=1,
        le=6,
        description="Trials are drawn into so many groups, first judged at rung 1, 2, ...: some are spared "
        "the judgement of low rungs.",
    )


class Sampler(Section):
    """Who proposes the next trial."""

    name: Annotated[str, Name(SAMPLERS)] = Field(
        "tpe",
        description="tpe and gp learn from finished trials, nsga2 and cma_es evolve, random and sobol draw.",
    )
    startup_trials: int = Field(
        10, ge=1, le=1_000_000, description="Trials that are drawn before the sampler begins to model."
    )
    start: Literal["random", "sobol"] = Field(
        "random", description="How these are drawn: sobol fills the space evenly."
    )
    history: int = Field(
        500,
        ge=0,
        le=1_000_000,
        description="Finished trials that it learns from at most, the best and some of the others; 0: all. "
        "What a proposal costs grows with them.",
    )
    stages: bool = Field(
        False,
        description="Weigh what a trial promises against the seconds it costs, given the classifiers that "
        "are trained already.",
    )
    section: ClassVar[str] = "sampler"
    UNSAID: ClassVar[Mapping[str, object]] = {"history": 0}
    """What a run that does not say it was begun with."""

    def written(self) -> dict[str, object]:
        """What its section of a space file holds."""
        return self.model_dump()

    def said(self) -> str:
        """The sampler's name, and how long it draws at random."""
        weighed = ", weighed by what stages cost" if self.stages else ""
        if self.name in ("random", "sobol"):
            return f"{self.name}{weighed}"
        drawn = "at random" if self.start == "random" else "by a Sobol sequence"
        shown = f", learns from at most {self.history}" if self.history else ""
        return f"{self.name}, first {self.startup_trials} trials {drawn}{shown}{weighed}"


class DesignSection(Section):
    """An ablation instead of a sampler: every direction alone against the trial as it stands.

    Each arm is trained once for every replicate, with the same replicate in all arms, so that effects are
    differences of pairs. budget.trials is then (directions + 1) x replicates and may be left out; without
    a scheduler in the file no trial is stopped early.
    """

    replicates: int = Field(ge=1, le=1000, description="Trainings of every arm, each with seeds of its own.")
    following: tuple[str, ...] = Field(
        (), description="Settings that take the replicate's number, as auxiliary.concept_split."
    )
    one_at_a_time: Mapping[str, Mapping[str, str | int | float | bool]] = Field(
        min_length=1,
        description="Name of each direction -> what it sets otherwise, as {sae.kind: relu, sae.l1: 2}.",
    )


class Resources(Section):
    """What one trial occupies."""

    cpu: float = Field(1.0, gt=0, le=1024, description="Cores.")
    gpu: Annotated[float, Field(ge=0, le=64)] | Literal["auto"] = Field(
        "auto", description="Devices, also a fraction of one; auto shares what is found."
    )


class Confirm(Section):
    """What search/confirm.py trains again and scores on the test split."""

    top: int = Field(3, ge=1, le=1000, description="Best trials that are confirmed, beside the default.")
    seeds: int = Field(5, ge=1, le=1000, description="Fresh seeds for each; 1 gives no standard error.")


class Concepts(Section):
    """What a person calls things in the images: concepts/* and selectivity/within_class ask for it."""

    set: Annotated[str, Name(CONCEPT_TABLES, f"|{CONCEPT_FILE}", CONCEPT_TABLE)] = Field(
        "",
        description="The set that latents are measured by, as auxiliary.concept_table has it; a table then "
        "needs rows of val too.",
    )
    only: tuple[MetricName, ...] = Field(
        (),
        description="If any, these are measured and those that ask for the set, and no others.",
    )


class Report(Section):
    """What analysis/report.py shows beside its own sections."""

    sections: tuple[Annotated[str, Name(REPORT_SECTIONS)], ...] = Field(
        (),
        description="Sections from elsewhere, each package.module:function or the name under which a package "
        "has it.",
    )


class SpaceFile(Section):
    """A search: the question, the data, what counts as good, how long, and the trial."""

    name: str = Field(pattern=NAME_PATTERN, max_length=100, description="Begins the run directory's name.")
    question: str = Field(min_length=1, max_length=2000, description="What the search shall answer.")
    data: DataSource = DataSource()
    metrics: tuple[MetricName, ...] = Field(
        (),
        description="Metrics from elsewhere that are measured too, each package.module:NAME or the name that "
        "a package gives it.",
    )
    objectives: tuple[Objective, ...] = Field(
        min_length=1, description="One: trials are ranked by it. Several: a Pareto front."
    )
    constraints: tuple[Constraint, ...] = Field((), description="What a trial must satisfy to count.")
    budget: Budget = Budget()
    scheduler: Scheduler = Scheduler()
    sampler: Sampler = Sampler()
    design: DesignSection | None = Field(
        None, description="An ablation in place of a search; no sampler then."
    )
    resources: Resources = Resources()
    confirm: Confirm = Confirm()
    report: Report = Report()
    concepts: Concepts = Concepts()
