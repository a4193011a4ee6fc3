"""An ablation: each direction alone against a shared default, in pairs that have a replicate in common.

A design is a study like any other to those who look at it: it has two parameters, which direction and
which replicate. What it lacks is a sampler, since every trial is known beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from search.study.domains import Choice, Parameter, Scalar

DIRECTION = "direction"
"""Name of the parameter that says which arm a trial belongs to; no setting of the trial itself."""
REPLICATE = "replicate"
DEFAULT_ARM = "default"
ORIGIN = "design:"
"""How the origin of a design's trial begins in the ledger; the arm's name follows."""


@dataclass(frozen=True)
class Arm:
    """One way to set the trial."""

    name: str
    changes: Mapping[str, Scalar]
    """What it sets otherwise than the default: dotted path -> value. Empty for the default itself."""
    values: Mapping[str, Scalar]
    """All that its trial sets: the default's values with the changes, without what the kinds now lack."""


@dataclass(frozen=True)
class Design:
    """Every arm in every replicate; the first arm is the default."""

    arms: tuple[Arm, ...]
    replicates: int

    @property
    def trials(self) -> int:
        """How many trials it comes to."""
        return len(self.arms) * self.replicates

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What differs between its trials, as a study tells it."""
        names = tuple(arm.name for arm in self.arms)
        return (
            Parameter(DIRECTION, Choice(names), default=DEFAULT_ARM),
            Parameter(REPLICATE, Choice(tuple(range(self.replicates))), default=0),
        )

    def draw(self, number: int) -> dict[str, Scalar]:
        """Params of the trial of this number. One replicate is completed before the next, so that a run
        that is broken off has whole pairs."""
        replicate, arm = divmod(number, len(self.arms))
        return {DIRECTION: self.arms[arm].name, REPLICATE: replicate}

    def values(self, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Dotted path -> value of one trial, the name of its direction included."""
        arm = self._by_name[str(params.get(DIRECTION, DEFAULT_ARM))]
        return {**arm.values, **{key: params[key] for key in (DIRECTION, REPLICATE) if key in params}}

    @cached_property
    def _by_name(self) -> dict[str, Arm]:
        return {arm.name: arm for arm in self.arms}


def origin(params: Mapping[str, Scalar]) -> str:
    """What the ledger notes as the origin of a design's trial."""
    return f"{ORIGIN}{params[DIRECTION]}"
