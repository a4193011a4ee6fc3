"""One value of the trial, as written: a constant or a domain with `when`, `or` and `default`.

    {choice: [a, b]}
    {uniform: [low, high]}  {log_uniform: [low, high]}  {int: [low, high]}  {log_int: [low, high]}

Domains are read before any pydantic model sees them, and their ends and options are then held against
the field one by one: a union of "value or domain" would report one mistake once per member.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from search.space.entry import Entry, When, contains
from search.space.foreign_words import call_hint, domain_words
from search.space.nodes import Items, Leaf, Node, Table, show, show_atom
from search.space.problems import Problems, choices_hint
from search.space.trial_fields import Slot
from search.study.domains import Choice, Domain, FloatRange, IntRange, Scalar, same
from search.study.priors import CONFIDENCES, Confidence, Prior

DOMAINS = ("choice", "uniform", "log_uniform", "int", "log_int")
MODIFIERS = ("when", "or", "default", "prior", "confidence")
MAX_OPTIONS = 1000


def read_entry(slot: Slot, node: Node, kinds: Collection[str], problems: Problems) -> Entry | None:
    """The entry, or None where a problem was noted. `kinds` are those that the section can have."""
    path = f"trial.{slot.path}"
    if isinstance(node, Items):
        problems.add(
            node.where, path, f"wrong value {show(node)}; to search over these write {{choice: {show(node)}}}"
        )
        return None
    if isinstance(node, Leaf):
        wrong = slot.fault(node.value, kinds)
        if wrong is not None:
            meant = call_hint(slot, node.value)
            problems.add(node.where, path, f"{wrong}; to search write {meant}" if meant else wrong)
            return None
        return Entry(slot, node.where, constant=slot.accepted(node.value))
    before = len(problems.found)
    entry = _read_domain(slot, node, kinds, problems)
    return entry if len(problems.found) == before else None


def _read_domain(slot: Slot, node: Table, kinds: Collection[str], problems: Problems) -> Entry | None:
    path = f"trial.{slot.path}"
    foreign = domain_words(slot, node)
    if foreign is not None:
        theirs, ours = foreign
        verb = "is no key" if len(theirs) == 1 else "are no keys"
        problems.add(node.keys[theirs[0]], path, f"{' and '.join(theirs)} {verb} here; write {ours}")
        return None
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
    prior = _read_prior(slot, node, domain, or_value, problems)
    return Entry(slot, node.where, None, domain, when, or_value, default, prior)


def _domain(slot: Slot, name: str, node: Node, kinds: Collection[str], problems: Problems) -> Domain | None:
    path = f"trial.{slot.path}.{name}"
    unsuited = _unsuited(slot, name, node)
    if unsuited is not None:
        problems.add(node.where, path, unsuited)
        return None
    values = _values(slot, path, node, kinds, problems)
    if values is None:
        return None
    return _choice(path, node, values, problems) if name == "choice" else _range(path, name, values, problems)


def _unsuited(slot: Slot, name: str, node: Node) -> str | None:
    """What is wrong with the domain whatever its values are."""
    if not isinstance(node, Items):
        return f"wrong value {show(node)}; must be a list in square brackets"
    if name == "choice":
        many = len(node.items) > MAX_OPTIONS
        return f"{len(node.items)} options; must be at most {MAX_OPTIONS}, or a range" if many else None
    if slot.base_type not in ("int", "float"):
        return f"a range over {slot.name}, which is not a number; use choice"
    if slot.base_type == "int" and name.endswith("uniform"):
        return f"a range of fractions for {slot.name}, a whole number; use {name.replace('uniform', 'int')}"
    return f"{len(node.items)} values; must be [low, high]" if len(node.items) != 2 else None


def _values(
    slot: Slot, path: str, node: Node, kinds: Collection[str], problems: Problems
) -> list[tuple[Leaf, Scalar]] | None:
    """The list's members, each faultless for the field; None if one is not."""
    assert isinstance(node, Items)
    values: list[tuple[Leaf, Scalar]] = []
    for item in node.items:
        if not isinstance(item, Leaf):
            problems.add(
                item.where, path, f"wrong value {show(item)}; must be one value, domains do not nest"
            )
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
    path: str, name: str, values: list[tuple[Leaf, Scalar]], problems: Problems
) -> FloatRange | IntRange | None:
    low, high = (leaf.value for leaf, _ in values)
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    wrong = _range_fault(name, low, high)
    if wrong is not None:
        problems.add(values[0][0].where, path, wrong)
        return None
    if name.endswith("uniform"):
        return FloatRange(float(low), float(high), name == "log_uniform")
    return IntRange(int(low), int(high), name == "log_int")


def _range_fault(name: str, low: float, high: float) -> str | None:
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
        problems.add(
            node.keys["when"], path, "a condition on a kind; a section has its kind always, remove it"
        )
        return ()
    if not isinstance(given, Table) or not given.entries:
        problems.add(
            given.where, path, f"wrong value {show(given)}; must be a mapping like {{sae.kind: topk}}"
        )
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
        problems.add(
            given.where, path, f"wrong value {show(given)}; must be the one value that switches it off"
        )
        return None
    wrong = slot.fault(given.value, kinds)
    if wrong is not None:
        problems.add(given.where, path, wrong)
        return None
    return slot.accepted(given.value)


def _read_default(
    slot: Slot, node: Table, domain: Domain, or_value: Scalar | None, problems: Problems
) -> Scalar | None:
    return _drawable(slot, node, "default", domain, or_value, problems)


def _drawable(
    slot: Slot, node: Table, key: str, domain: Domain, or_value: Scalar | None, problems: Problems
) -> Scalar | None:
    """A value under a key that the domain, or the switch, can yield; None if there is none."""
    if key not in node.entries:
        return None
    given = node.entries[key]
    value = given.value if isinstance(given, Leaf) else None
    if value is not None and or_value is not None and same(value, or_value):
        return or_value
    if value is None or not contains(domain, value):
        text = f"{show(given)} cannot be drawn; must be a value of the domain"
        problems.add(
            given.where,
            f"trial.{slot.path}.{key}",
            text + (" or the `or` value" if or_value is not None else ""),
        )
        return None
    return int(value) if isinstance(domain, IntRange) else slot.accepted(value)


def _read_prior(
    slot: Slot, node: Table, domain: Domain, or_value: Scalar | None, problems: Problems
) -> Prior | None:
    path = f"trial.{slot.path}"
    if "prior" not in node.entries:
        if "confidence" in node.entries:
            text = "a confidence without a prior; add the value that you believe in as `prior`"
            problems.add(node.keys["confidence"], f"{path}.confidence", text)
        return None
    value = _drawable(slot, node, "prior", domain, or_value, problems)
    given = node.entries.get("confidence")
    sure = "medium" if given is None else given.value if isinstance(given, Leaf) else None
    if given is not None and sure not in CONFIDENCES:
        text = f"unknown value {show(given)}{choices_hint(sure, CONFIDENCES)}"
        problems.add(given.where, f"{path}.confidence", text)
        return None
    return None if value is None else Prior(value, cast(Confidence, sure))
