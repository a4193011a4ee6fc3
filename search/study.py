"""The typed, frozen meaning of a space file; imports neither yaml, ray, optuna nor torch.

A parameter's `path` is its place in the trial, dotted: `sae.k`. A parameter that the file gives an
`or` value (a switch) also has a boolean `switch_path`, drawn first; when it is False the trial takes
`or_value` and the domain is not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from trainables.config import TrialConfig

if TYPE_CHECKING:
    from search.design import Design

Scalar = str | int | float | bool
Mode = Literal["max", "min"]


@dataclass(frozen=True)
class Choice:
    """One of `options`, each as likely."""

    options: tuple[Scalar, ...]


@dataclass(frozen=True)
class FloatRange:
    """Even between low and high, or even in log space; both ends belong to it."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class IntRange:
    """An integer between low and high, both included; even, or even in log space."""

    low: int
    high: int
    log: bool = False


Domain = Choice | FloatRange | IntRange


def same(a: Scalar, b: Scalar) -> bool:
    """Equality in which 1 is 1.0 but never True."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b


@dataclass(frozen=True)
class Condition:
    """The parameter or constant at `path` must be active with one of the `allowed` values."""

    path: str
    allowed: tuple[Scalar, ...]

    def holds(self, values: Mapping[str, Scalar]) -> bool:
        """Whether it does for the values of a draw, as `Study.values` gives them; absent is inactive."""
        return self.path in values and any(same(values[self.path], value) for value in self.allowed)


@dataclass(frozen=True)
class Parameter:
    """One searched value of the trial."""

    path: str
    domain: Domain
    conditions: tuple[Condition, ...] = ()
    has_switch: bool = False
    or_value: Scalar | None = None
    default: Scalar = 0
    """Its value in the first trial; where it equals `or_value`, the first trial switches it off."""

    @property
    def switch_path(self) -> str:
        """Name of the boolean that decides between the domain and `or_value`."""
        return f"{self.path}?"


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
    """Which images. `root` and `path` are absolute once resolved by the driver."""

    name: str = "digits"
    root: str | None = None
    path: str | None = None
    limit: int | None = None


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

    name: Literal["asha", "none"] = "asha"
    rungs: int = 3
    reduction_factor: int = 3


@dataclass(frozen=True)
class Sampler:
    """Who proposes."""

    name: Literal["tpe", "random"] = "tpe"
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


@dataclass(frozen=True)
class Study:
    """A checked space file."""

    name: str
    question: str
    data: DataSource
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    score: tuple[str, ...]
    budget: Budget
    scheduler: Scheduler
    sampler: Sampler
    resources: Resources
    parameters: tuple[Parameter, ...]
    """In an order in which every condition refers to what stands before it."""
    constants: Mapping[str, Scalar] = field(default_factory=dict)
    """Dotted path -> value, for everything the file fixes, and every `kind`."""
    constant_conditions: Mapping[str, Condition] = field(default_factory=dict)
    """Path of a constant that only some kinds have -> the kinds, where the kind is searched."""
    confirm: Confirm = Confirm()
    design: Design | None = None
    """Hands out the trials instead of the sampler; `parameters` are then its own."""

    def values(self, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Dotted path -> value of one draw: constants, drawn values, `or` values where switched off.

        `params` are the drawn ones (parameter and switch paths); inactive parameters are absent from both.
        """
        if self.design is not None:
            return self.design.values(params)
        values = {path: v for path, v in self.constants.items() if path not in self.constant_conditions}
        for parameter in self.parameters:
            if params.get(parameter.switch_path) is False and parameter.or_value is not None:
                values[parameter.path] = parameter.or_value
            elif parameter.path in params:
                values[parameter.path] = params[parameter.path]
        for path, condition in self.constant_conditions.items():
            if condition.holds(values):
                values[path] = self.constants[path]
        return values

    def is_active(self, parameter: Parameter, params: Mapping[str, Scalar]) -> bool:
        """Whether a draw that has got as far as `params` draws `parameter` too."""
        values = self.values(params)
        return all(condition.holds(values) for condition in parameter.conditions)

    def trial_config(self, params: Mapping[str, Scalar]) -> TrialConfig:
        """The validated trial of one draw; raises pydantic's ValidationError if a draw is impossible."""
        own = TrialConfig.model_fields
        values = self.values(params).items()
        return trial_config({path: value for path, value in values if path.partition(".")[0] in own})


def trial_config(values: Mapping[str, Scalar]) -> TrialConfig:
    """The validated trial that dotted paths describe; pydantic's ValidationError if they cannot be."""
    nested: dict[str, Any] = {}
    for path, value in values.items():
        section, _, key = path.partition(".")
        if key:
            nested.setdefault(section, {})[key] = value
        else:
            nested[section] = value
    return TrialConfig.model_validate(nested)
