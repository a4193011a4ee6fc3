"""One value of the trial, as written: a constant or a domain with `when`, `or` and `default`.

    {choice: [a, b]}  {uniform: [low, high]}  {log_uniform: [low, high]}  {int: [low, high]}  {log_int: [low, high]}

Domains are read before any pydantic model sees them, and their ends and options are then held against
the field one by one: a union of "value or domain" would report one mistake once per member.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from search.space_problems import Problems, Where, choices_hint
from search.space_slots import Slot
from search.study import Choice, Condition, Domain, FloatRange, IntRange, Scalar, same
from search.yaml_source import Atom, Items, Leaf, Node, Table, show, show_atom

DOMAINS = ("choice", "uniform", "log_uniform", "int", "log_int")
MODIFIERS = ("when", "or", "default")
MAX_OPTIONS = 1000


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
    conditions: tuple[Condition, ...] = ()
    """Filled in by `search.space_conditions`."""

    @property
    def path(self) -> str:
        """The slot's path."""
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
    """Value in the first trial: as given, else the field's own default if it can be drawn, else the middle."""
    if entry.given_default is not None:
        return entry.given_default
    assert entry.domain is not None
    for default in (entry.slot.default(kind) for kind in entry.slot.owners if kind in kinds):
        if entry.or_value is not None and same(entry.or_value, default):
            return entry.or_value
        if contains(entry.domain, default):
            return int(default) if isinstance(entry.domain, IntRange) else default
    return middle(entry.domain)


def read_entry(slot: Slot, node: Node, kinds: Collection[str], problems: Problems) -> Entry | None:
    """The entry, or None where a problem was noted. `kinds` are those that the section can have."""
    path = f"trial.{slot.path}"
    if isinstance(node, Items):
        problems.add(node.where, path, f"wrong value {show(node)}; to search over these write {{choice: {show(node)}}}")
        return None
    if isinstance(node, Leaf):
        wrong = slot.fault(node.value, kinds)
        if wrong is not None:
            problems.add(node.where, path, wrong)
            return None
        return Entry(slot, node.where, constant=slot.accepted(node.value))
    before = len(problems.found)
    entry = _read_domain(slot, node, kinds, problems)
    return entry if len(problems.found) == before else None


def _read_domain(slot: Slot, node: Table, kinds: Collection[str], problems: Problems) -> Entry | None:
    path = f"trial.{slot.path}"
    unknown = [key for key in node.entries if key not in DOMAINS and key not in MODIFIERS]
    for key in unknown:
        problems.add(
            node.keys[key], f"{path}.{key}", f"unknown key{choices_hint(key, (*DOMAINS, *MODIFIERS))}"
        )
    named = [key for key in DOMAINS if key in node.entries]
    if len(named) > 1:
        problems.add(node.keys[named[1]], path, f"both {' and '.join(named)}; a value has one domain")
    elif not named and not unknown:
        problems.add(node.where, path, f"no domain in {show(node)}; add one of {', '.join(DOMAINS)}")
    when = _read_when(slot, node, problems)
    or_value = _read_or(slot, node, kinds, problems)
    if len(named) != 1:
        return None
    domain = _domain(slot, named[0], node.entries[named[0]], kinds, problems)
    if domain is None:
        return None
    if or_value is not None and isinstance(domain, Choice) and contains(domain, or_value):
        text = f"{show_atom(or_value)} is an option of choice already; keep one of the two"
        problems.add(node.entries["or"].where, f"{path}.or", text)
    default = _read_default(slot, node, domain, or_value, problems)
    return Entry(slot, node.where, None, domain, when, or_value, default)


def _domain(slot: Slot, name: str, node: Node, kinds: Collection[str], problems: Problems) -> Domain | None:
    path = f"trial.{slot.path}.{name}"
    values = _values(slot, path, node, kinds, problems)
    if values is None:
        return None
    if name == "choice":
        return _choice(path, node, values, problems)
    return _range(slot, path, name, node, values, problems)


def _values(
    slot: Slot, path: str, node: Node, kinds: Collection[str], problems: Problems
) -> list[tuple[Leaf, Scalar]] | None:
    """The list's members, each faultless for the field; None if one is not."""
    if not isinstance(node, Items):
        problems.add(node.where, path, f"wrong value {show(node)}; must be a list in square brackets")
        return None
    if len(node.items) > MAX_OPTIONS:
        problems.add(node.where, path, f"{len(node.items)} options; must be at most {MAX_OPTIONS}, or a range")
        return None
    values: list[tuple[Leaf, Scalar]] = []
    for item in node.items:
        if not isinstance(item, Leaf):
            problems.add(item.where, path, f"wrong value {show(item)}; must be one value, domains do not nest")
            continue
        wrong = slot.fault(item.value, kinds)
        if wrong is not None:
            problems.add(item.where, path, wrong)
        else:
            values.append((item, slot.accepted(item.value)))
    return values if len(values) == len(node.items) else None


def _choice(path: str, node: Node, values: list[tuple[Leaf, Scalar]], problems: Problems) -> Choice | None:
    if not values:
        problems.add(node.where, path, "an empty list; list the options")
        return None
    options: list[Scalar] = []
    for leaf, value in values:
        if any(same(value, option) for option in options):
            problems.add(leaf.where, path, f"the option {show(leaf)} is listed twice; list it once")
        else:
            options.append(value)
    return Choice(tuple(options))


def _range(
    slot: Slot, path: str, name: str, node: Node, values: list[tuple[Leaf, Scalar]], problems: Problems
) -> FloatRange | IntRange | None:
    wrong = _range_fault(slot, name, values)
    if wrong is not None:
        problems.add(values[0][0].where if len(values) == 2 else node.where, path, wrong)
        return None
    low, high = values[0][0].value, values[1][0].value
    assert isinstance(low, int | float) and isinstance(high, int | float)
    if name.endswith("uniform"):
        return FloatRange(float(low), float(high), name == "log_uniform")
    return IntRange(int(low), int(high), name == "log_int")


def _range_fault(slot: Slot, name: str, values: list[tuple[Leaf, Scalar]]) -> str | None:
    if slot.base_type not in ("int", "float"):
        return f"a range over {slot.name}, which is not a number; use choice"
    if slot.base_type == "int" and name.endswith("uniform"):
        return f"a range of fractions for {slot.name}, a whole number; use {name.replace('uniform', 'int')}"
    if len(values) != 2:
        return f"{len(values)} values; must be [low, high]"
    ends = [leaf.value for leaf, _ in values]
    low, high = ends
    assert isinstance(low, int | float) and isinstance(high, int | float)
    if name.endswith("int") and not all(float(end).is_integer() for end in (low, high)):
        return f"[{low}, {high}] has an end that is no whole number; use {name.replace('int', 'uniform')}"
    if low == high:
        return f"low and high are both {low}; write the constant {low}"
    if low > high:
        return f"low {low} is above high {high}; write [{high}, {low}]"
    if name.startswith("log") and low <= 0:
        linear = name.removeprefix("log_")
        switch = ", or begin above 0 and add `or: 0`" if low == 0 else ""
        return f"low {low} has no logarithm; must be greater than 0, or use {linear}{switch}"
    return None


def _read_when(slot: Slot, node: Table, problems: Problems) -> tuple[When, ...]:
    if "when" not in node.entries:
        return ()
    path, given = f"trial.{slot.path}.when", node.entries["when"]
    if slot.is_kind:
        problems.add(node.keys["when"], path, "a condition on a kind; a section has its kind always, remove it")
        return ()
    if not isinstance(given, Table) or not given.entries:
        problems.add(given.where, path, f"wrong value {show(given)}; must be a mapping like {{sae.kind: topk}}")
        return ()
    conditions = []
    for target, value in given.entries.items():
        leaves = value.items if isinstance(value, Items) else (value,)
        values = tuple(leaf for leaf in leaves if isinstance(leaf, Leaf))
        if not values or len(values) != len(leaves):
            text = f"wrong value {show(value)}; must be one value or a list of values of {target}"
            problems.add(value.where, f"{path}.{target}", text)
            continue
        conditions.append(When(target, given.keys[target], values))
    return tuple(conditions)


def _read_or(slot: Slot, node: Table, kinds: Collection[str], problems: Problems) -> Scalar | None:
    if "or" not in node.entries:
        return None
    path, given = f"trial.{slot.path}.or", node.entries["or"]
    if slot.is_kind:
        problems.add(node.keys["or"], path, "a switch on a kind; add the other kind to choice instead")
        return None
    if not isinstance(given, Leaf):
        problems.add(given.where, path, f"wrong value {show(given)}; must be the one value that switches it off")
        return None
    wrong = slot.fault(given.value, kinds)
    if wrong is not None:
        problems.add(given.where, path, wrong)
        return None
    return slot.accepted(given.value)


def _read_default(
    slot: Slot, node: Table, domain: Domain, or_value: Scalar | None, problems: Problems
) -> Scalar | None:
    if "default" not in node.entries:
        return None
    given = node.entries["default"]
    value = given.value if isinstance(given, Leaf) else None
    if value is not None and or_value is not None and same(value, or_value):
        return or_value
    if value is None or not contains(domain, value):
        text = f"{show(given)} cannot be drawn; must be a value of the domain"
        problems.add(given.where, f"trial.{slot.path}.default", text + (" or the `or` value" if or_value is not None else ""))
        return None
    return int(value) if isinstance(domain, IntRange) else slot.accepted(value)
