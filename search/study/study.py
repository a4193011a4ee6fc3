"""The typed, frozen meaning of a space file; imports neither yaml, ray, optuna nor torch.

A parameter's `path` is its place in the trial, dotted: `sae.k`. A parameter that the file gives an
`or` value (a switch) also has a boolean `switch_path`, drawn first; when it is False the trial takes
`or_value` and the domain is not drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from search.study.domains import Condition, Parameter, Scalar, same
from search.study.listed import Listed
from search.study.sections import (
    Budget,
    Concepts,
    Confirm,
    Constraint,
    DataSource,
    Objective,
    Resources,
    Sampler,
    Scheduler,
)
from trainables.config import TrialConfig


@dataclass(frozen=True)
class Study:
    """A checked space file."""

    name: str
    question: str
    data: DataSource
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
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
    confirm: Confirm = field(default_factory=Confirm)
    metrics: tuple[str, ...] = ()
    """Metrics from elsewhere that are measured too, by import path or the name in their package."""
    report: tuple[str, ...] = ()
    """Sections from elsewhere that its report shows besides."""
    concepts: Concepts = field(default_factory=Concepts)
    """The set of concepts that latents are measured by."""
    listed: Listed | None = None
    """Its trials, where they are known beforehand; `parameters` then say which of the list a trial is."""

    @property
    def is_search(self) -> bool:
        """Whether the sampler draws parameters from domains."""
        return self.listed is None

    @property
    def proposal(self) -> Sampler | Listed:
        """Where its trials come from."""
        return self.sampler if self.listed is None else self.listed

    @property
    def rows(self) -> Mapping[str, Mapping[str, Scalar]]:
        """What its trials set, where they are listed beforehand: name -> changes; none in a search."""
        return {} if self.listed is None else self.listed.rows

    def values(self, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Dotted path -> value of one draw: constants, drawn values, `or` values where switched off.

        `params` are the drawn ones (parameter and switch paths); inactive parameters are absent from both.
        """
        if self.listed is not None:
            return self.listed.values(params)
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


def default_params(study: Study) -> dict[str, Scalar]:
    """The draw of the first trial: every active parameter and switch at its default, others absent."""
    params: dict[str, Scalar] = {}
    for parameter in study.parameters:
        if not study.is_active(parameter, params):
            continue
        if parameter.has_switch:
            assert parameter.or_value is not None
            params[parameter.switch_path] = not same(parameter.default, parameter.or_value)
            if not params[parameter.switch_path]:
                continue
        params[parameter.path] = parameter.default
    return params
