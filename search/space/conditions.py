"""When an entry is active: conditions resolved, put in order, and proved to be possible.

All conditions of an entry must hold, and an entry is active only if the targets of its conditions are. So
what an entry needs is one conjunction over all its ancestors, and it can never be active exactly if two
of them want different values of one target.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from search.space.entry import Entry, When
from search.space.nodes import show
from search.space.problems import Problems, nearest_hint
from search.space.trial import TrialEntries
from search.study.domains import Condition, Scalar, same


def resolve(trial: TrialEntries, problems: Problems) -> list[Entry]:
    """Entries with their conditions, each after everything it depends on; faulty ones are left out."""
    resolved: dict[str, Entry] = {}
    for path in trial.slots:
        if path in trial.entries:
            before = len(problems.found)
            entry = replace(trial.entries[path], conditions=_conditions(trial.entries[path], trial, problems))
            if len(problems.found) == before:
                resolved[path] = entry
            else:
                trial.broken.add(path)
    ordered = _in_order(resolved, trial, problems)
    return [entry for entry in ordered if _can_be_active(entry, ordered, trial, problems)]


def _conditions(entry: Entry, trial: TrialEntries, problems: Problems) -> tuple[Condition, ...]:
    conditions: dict[str, Condition] = {}
    kind_path = entry.slot.kind_path
    kind = trial.entries.get(kind_path) if kind_path else None
    if kind_path and kind is not None and kind.domain is not None:
        owning = tuple(option for option in trial.kinds(entry.slot.section) if option in entry.slot.owners)
        if len(owning) < len(trial.kinds(entry.slot.section)):
            conditions[kind_path] = Condition(kind_path, owning)
    for when in entry.when:
        allowed = _allowed(entry, when, trial, problems)
        if when.path in conditions and allowed:
            both = tuple(v for v in conditions[when.path].allowed if any(same(v, a) for a in allowed))
            if not both:
                own = _either(conditions[when.path].allowed)
                text = f"never holds: {entry.path} belongs to {when.path} {own}"
                problems.add(when.where, f"trial.{entry.path}.when.{when.path}", text)
            allowed = both
        if allowed:
            conditions[when.path] = Condition(when.path, allowed)
    return tuple(conditions.values())


def _allowed(entry: Entry, when: When, trial: TrialEntries, problems: Problems) -> tuple[Scalar, ...]:
    """Values of the target that satisfy one line of `when`, as the target draws them."""
    path = f"trial.{entry.path}.when.{when.path}"
    target = trial.entries.get(when.path)
    if target is None:
        if when.path in trial.broken:
            return ()
        if when.path in trial.slots:
            text = f"{when.path} is not in this file; give it a value or a domain first"
        else:
            text = f"no such value of the trial{nearest_hint(when.path, _known(when.path, trial))}"
        problems.add(when.where, path, text)
        return ()
    allowed: list[Scalar] = []
    for leaf in when.values:
        value = target.can_be(leaf.value)
        if value is None:
            # A kind that is fixed for now may be searched tomorrow: its other kinds are no mistake.
            if target.constant is not None and _is_other_kind(target, leaf.value):
                continue
            text = f"{when.path} is never {show(leaf)}; it is {_possible(target)}"
            hint = nearest_hint(str(leaf.value), [str(v) for v in _options(target)])
            problems.add(leaf.where, path, text + hint)
        elif any(same(value, other) for other in allowed):
            problems.add(leaf.where, path, f"the value {show(leaf)} is listed twice; list it once")
        else:
            allowed.append(value)
    if (
        not allowed
        and target.constant is not None
        and all(_is_other_kind(target, leaf.value) for leaf in when.values)
    ):
        text = (
            f"never holds: {when.path} is {target.constant}; remove {entry.path} or search over {when.path}"
        )
        problems.add(when.where, path, text)
    return tuple(allowed)


def _is_other_kind(target: Entry, value: object) -> bool:
    return target.slot.is_kind and value in target.slot.owners


def _known(path: str, trial: TrialEntries) -> list[str]:
    """Paths a `when` may have meant; a bare name is held against bare names too."""
    if "." in path.removeprefix("trial."):
        return list(trial.entries)
    return [entry for entry in trial.entries if entry.endswith(f".{path}")] or list(trial.entries)


def _options(target: Entry) -> tuple[Scalar, ...]:
    options = getattr(target.domain, "options", ())
    extra = (v for v in (target.constant, target.or_value) if v is not None)
    return (*options, *extra)


def _possible(target: Entry) -> str:
    domain = target.domain
    if domain is None or hasattr(domain, "options"):
        return _either(_options(target))
    kind = "a whole number" if type(domain.low) is int else "any number"
    text = f"{kind} between {domain.low} and {domain.high}"
    return f"{text}, or {target.or_value}" if target.or_value is not None else text


def _either(values: Iterable[Scalar]) -> str:
    return " or ".join(str(value) for value in values)


def _in_order(entries: dict[str, Entry], trial: TrialEntries, problems: Problems) -> list[Entry]:
    """Topological order that keeps the tables' order where conditions leave it open."""
    ordered: dict[str, Entry] = {}
    waiting = dict(entries)
    while waiting:
        ready = next((e for e in waiting.values() if all(c.path not in waiting for c in e.conditions)), None)
        if ready is None:
            circle = _circle(waiting)
            first = waiting[circle[0]]
            where = next(when.where for when in first.when if when.path == circle[1])
            chain = " -> ".join(circle)
            problems.add(
                where, f"trial.{first.path}.when", f"conditions in a circle: {chain}; remove one of them"
            )
            for path in circle[:-1]:
                trial.broken.add(path)
                waiting.pop(path)
            continue
        del waiting[ready.path]
        if any(condition.path in trial.broken for condition in ready.conditions):
            trial.broken.add(ready.path)
        else:
            ordered[ready.path] = ready
    return list(ordered.values())


def _circle(waiting: dict[str, Entry]) -> list[str]:
    """A closed walk along conditions, from where it first meets itself."""
    path = next(iter(waiting))
    walk: list[str] = []
    while path not in walk:
        walk.append(path)
        path = next(c.path for c in waiting[path].conditions if c.path in waiting)
    return [*walk[walk.index(path) :], path]


def _can_be_active(entry: Entry, ordered: list[Entry], trial: TrialEntries, problems: Problems) -> bool:
    by_path = {other.path: other for other in ordered}
    needed: dict[str, tuple[Scalar, ...]] = {}
    stack, seen = [entry], set()
    while stack:
        current = stack.pop()
        if current.path in seen:
            continue
        seen.add(current.path)
        for condition in current.conditions:
            target, allowed = condition.path, condition.allowed
            if target in needed:
                allowed = tuple(v for v in allowed if any(same(v, w) for w in needed[target]))
            needed[target] = allowed
            if not allowed:
                where = entry.when[0].where if entry.when else entry.where
                text = f"can never be active: what it depends on wants different values of {target}"
                problems.add(where, f"trial.{entry.path}.when", text)
                trial.broken.add(entry.path)
                return False
            if target in by_path:
                stack.append(by_path[target])
    return True
