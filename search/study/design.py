"""An ablation: each direction alone against a shared default, in pairs that have a replicate in common.

A design is a study like any other to those who look at it: it has two parameters, which direction and
which replicate. What it lacks is a sampler, since every trial is known beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from search.study.domains import Choice, Parameter, Scalar
from search.study.listed import Listed

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
class Design(Listed):
    """Every arm in every replicate; the first arm is the default."""

    section: ClassVar[str] = "design"
    enlarging: ClassVar[str] = "For other replicates start a new run with --set design.replicates=N."
    arms: tuple[Arm, ...]
    replicates: int
    following: tuple[str, ...] = ()
    """Settings of the trial that are the number of its replicate."""

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

    @property
    def rows(self) -> Mapping[str, Mapping[str, Scalar]]:
        """Arm -> its changes; none for the default."""
        return {arm.name: arm.changes for arm in self.arms}

    def draw(self, number: int) -> tuple[dict[str, Scalar], str]:
        """One replicate is completed before the next, so that a run that is broken off has whole pairs."""
        replicate, arm = divmod(number, len(self.arms))
        name = self.arms[arm].name
        return {DIRECTION: name, REPLICATE: replicate}, f"{ORIGIN}{name}"

    def written(self) -> dict[str, object]:
        """How many replicates, and what each direction sets."""
        directions = {arm.name: dict(arm.changes) for arm in self.arms[1:]}
        following = {"following": list(self.following)} if self.following else {}
        return {"replicates": self.replicates, **following, "one_at_a_time": directions}

    def said(self) -> str:
        """How many directions, how often."""
        arms = f"{len(self.arms) - 1} direction{'s' * (len(self.arms) > 2)}"
        replicates = f"{self.replicates} replicate{'s' * (self.replicates > 1)}"
        return f"the default and {arms}, each alone, in {replicates}: {self.trials} trials"

    def values(self, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Those of the trial's arm, and the name of its direction."""
        arm = self._by_name[str(params.get(DIRECTION, DEFAULT_ARM))]
        named = {key: params[key] for key in (DIRECTION, REPLICATE) if key in params}
        return {**arm.values, **dict.fromkeys(self.following, params.get(REPLICATE, 0)), **named}

    @cached_property
    def _by_name(self) -> dict[str, Arm]:
        return {arm.name: arm for arm in self.arms}
