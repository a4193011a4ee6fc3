"""What a space file says of one value of the trial, and what that value can be."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from search.space.nodes import Atom, Leaf
from search.space.problems import Where
from search.space.trial_fields import Slot
from search.study.domains import (
    Choice,
    Condition,
    Domain,
    FloatRange,
    IntRange,
    Scalar,
    same,
)
from search.study.priors import Prior


@dataclass(frozen=True)
class When:
    """One line of a `when`, before it is known what its target can be."""

    path: str
    where: Where
    values: tuple[Leaf, ...]


@dataclass(frozen=True)
class Entry:
    """What the file says of one slot. Exactly one of `constant` and `domain` is set."""

    slot: Slot
    where: Where
    constant: Scalar | None = None
    domain: Domain | None = None
    when: tuple[When, ...] = ()
    or_value: Scalar | None = None
    given_default: Scalar | None = None
    prior: Prior | None = None
    conditions: tuple[Condition, ...] = ()
    """Filled in by `search.space.conditions`."""

    @property
    def path(self) -> str:
        """The dotted path of the slot, as `sae.k`."""
        return self.slot.path

    def can_be(self, value: Atom) -> Scalar | None:
        """The value as this entry would draw it, or None if it never does.

        A continuous range is never asked for one of its values: it takes each with probability 0.
        """
        if value is None:
            return None
        candidates: list[Scalar | None] = [self.or_value, self.constant]
        if isinstance(self.domain, Choice):
            candidates += self.domain.options
        found = next((c for c in candidates if c is not None and same(c, value)), None)
        if found is None and isinstance(self.domain, IntRange) and contains(self.domain, value):
            found = int(value)
        return found


def contains(domain: Domain, value: Scalar) -> bool:
    """Whether the domain can yield the value."""
    if isinstance(domain, Choice):
        return any(same(option, value) for option in domain.options)
    if isinstance(value, bool | str) or not domain.low <= value <= domain.high:
        return False
    return isinstance(domain, FloatRange) or float(value).is_integer()


def middle(domain: Domain) -> Scalar:
    """First option, or the arithmetic (log: geometric) mean of the ends."""
    if isinstance(domain, Choice):
        return domain.options[0]
    mean = math.sqrt(domain.low) * math.sqrt(domain.high) if domain.log else domain.low / 2 + domain.high / 2
    mean = min(max(mean, domain.low), domain.high)
    return mean if isinstance(domain, FloatRange) else int(mean)


def default_of(entry: Entry, kinds: Collection[str]) -> Scalar:
    """Value in the first trial: as given, else the prior's, else the field's, else the domain's middle."""
    if entry.given_default is not None:
        return entry.given_default
    if entry.prior is not None:
        return entry.prior.value
    assert entry.domain is not None
    for default in (entry.slot.default(kind) for kind in entry.slot.owners if kind in kinds):
        if entry.or_value is not None and same(entry.or_value, default):
            return entry.or_value
        if contains(entry.domain, default):
            return int(default) if isinstance(entry.domain, IntRange) else default
    return middle(entry.domain)
