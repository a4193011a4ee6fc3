"""What is told of one direction, and of all directions of a run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from search.formatting import count
from search.ledger.history import History
from search.study.sections import Mode
from search.study.study import Study

Method = Literal["paired", "matched", "model"]
Verdict = Literal["helps", "hurts", "unclear", "too few"]
VERDICTS: dict[Verdict, str] = {
    "helps": "helps",
    "hurts": "hurts",
    "unclear": "no clear effect",
    "too few": "too few trials",
}
FALSE_DISCOVERIES = 0.05
"""Share of the effects called clear that may be none: the rate at which `q_value` is read."""


class HasTrials(Protocol):
    """What effects are computed from; an `analysis.load.Run` is one."""

    @property
    def study(self) -> Study | None:
        """The checked space file, None if it cannot be read."""

    @property
    def history(self) -> History:
        """What became of the trials."""


@dataclass(frozen=True)
class DirectionEffect:
    """By how much an objective differs between trials with a setting and with its control.

    `low` and `high` are the ends of the 95 % interval, `p_value` is two-sided, against no effect; `mean` and
    they are NaN where there were too few trials, but a single pair has a mean.
    """

    direction: str
    """Name of the arm, or path of the setting."""
    setting: str
    """What the one side has: `auxiliary.junk_penalty: 2`, `ica`, `on (0.001 to 10)`."""
    control: str
    """What the other side has: `default`, the name of a control arm, `raw`, `off`, `0.001 to 0.022`."""
    objective: str
    mode: Mode
    mean: float
    """objective with the setting - objective with its control, in the objective's own unit."""
    low: float
    high: float
    n_with: int
    """Fully trained trials that have the setting; for pairs, the pairs."""
    n_without: int
    method: Method
    verdict: Verdict
    p_value: float = math.nan
    q_value: float = math.nan
    """p_value after Benjamini and Hochberg, over the effects of its table against the default."""
    is_control: bool = False
    """The setting is itself a control: it should do nothing but what chance does."""

    @property
    def is_clear(self) -> bool:
        """Whether the 95 % interval leaves 0 out."""
        return self.verdict in ("helps", "hurts")

    @property
    def survives_correction(self) -> bool:
        """Whether it stays clear when the number of effects looked at is taken into account."""
        return self.is_clear and self.q_value <= FALSE_DISCOVERIES


@dataclass(frozen=True)
class EffectTable:
    """All effects of a run, direction after direction, and how they were measured."""

    effects: tuple[DirectionEffect, ...]
    method_note: tuple[str, ...]
    """Sentences: the method, what it assumes, how many trials it had, how many effects may be chance."""

    def of(self, objective: str) -> tuple[DirectionEffect, ...]:
        """The effects on one objective."""
        return tuple(effect for effect in self.effects if effect.objective == objective)

    def clear(self) -> tuple[DirectionEffect, ...]:
        """Effects whose interval leaves 0 out, the surest first."""
        found = [effect for effect in self.effects if effect.is_clear]
        return tuple(sorted(found, key=lambda effect: effect.p_value))


def verdict_of(low: float, high: float, mode: Mode) -> Verdict:
    """Which side of 0 an interval lies on, told as better or worse; NaN is too few trials."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "too few"
    if low <= 0 <= high:
        return "unclear"
    return "helps" if (low > 0) == (mode == "max") else "hurts"


def with_q_values(effects: Iterable[DirectionEffect], family: Sequence[bool]) -> tuple[DirectionEffect, ...]:
    """Effects with the q-values of those that `family` marks; others and those without p-value keep NaN.

    q of the i-th smallest of m p-values is the least of m p_j / j over j >= i (Benjamini and Hochberg 1995);
    it bounds the share of false discoveries if the effects are independent or hang together positively.
    """
    known = list(effects)
    p_values = [effect.p_value if member else math.nan for effect, member in zip(known, family, strict=True)]
    told = zip(known, q_values(p_values), strict=True)
    return tuple(effect if math.isnan(q) else replace(effect, q_value=q) for effect, q in told)


def q_values(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's q of each p-value; NaN, which is of no family, for NaN."""
    order = sorted((k for k, p in enumerate(p_values) if math.isfinite(p)), key=lambda k: p_values[k])
    found, least = [math.nan] * len(p_values), 1.0
    for rank in range(len(order), 0, -1):
        k = order[rank - 1]
        least = min(least, p_values[k] * len(order) / rank)
        found[k] = least
    return found


def chance_note(effects: Sequence[DirectionEffect]) -> str:
    """How many effects were looked at, and how many of them may look clear by chance."""
    told = [effect for effect in effects if math.isfinite(effect.q_value)]
    clear = sum(effect.is_clear for effect in told)
    sure = sum(effect.survives_correction for effect in told)
    return (
        f"Of {count(len(told), 'effect')} {clear} {_are(clear)} clear: the 95 % interval leaves 0 out. Of "
        f"effects that are none one in twenty does so by chance. {sure} {_are(sure)} still clear with the "
        f"false discovery rate held at {FALSE_DISCOVERIES:.0%} (Benjamini and Hochberg)."
    )


def _are(amount: int) -> str:
    return "is" if amount == 1 else "are"
