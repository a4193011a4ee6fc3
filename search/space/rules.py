"""Cross-field rules held against what can be drawn.

For each rule only its own fields, the kind that declares it, and what these are conditional on are drawn: at
the ends of their domains if the rule is monotone, so that the corners decide for what lies between; else at
every value, or at a sample of the draws where those are too many.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

from search.space.conditions import resolve
from search.space.entry import Entry
from search.space.nodes import Table
from search.space.problems import Problems, nearest_hint
from search.space.trial import TrialEntries, read_trial
from search.study.domains import Choice, FloatRange, IntRange, Scalar, same
from trainables import config
from trainables.settings.rules import Rule
from trainables.settings.section import Implemented

MAX_CORNERS = 20_000
N_SAMPLED = 20_000
Draw = dict[str, Scalar]


def check_rules(trial: TrialEntries, ordered: list[Entry], problems: Problems) -> None:
    """One problem for each rule that some reachable draw breaks."""
    by_path = {entry.path: entry for entry in ordered}
    for rule, owners in declared_rules(trial).items():
        section = next(iter(owners))[0]
        kind_path = f"{section}.kind"
        unknown = [path for path in rule.fields if path not in trial.slots]
        if unknown:
            where = by_path[kind_path].where if kind_path in by_path else trial.where
            text = f"its rule {rule.sentence!r} names {unknown[0]}, which is no setting"
            problems.add(where, f"trial.{kind_path}", text + nearest_hint(unknown[0], trial.slots))
            continue
        relevant = _relevant((*rule.fields, kind_path), trial, by_path)
        if any(path in trial.broken for path in (*rule.fields, *relevant)):
            continue
        where = next((by_path[path].where for path in rule.fields if path in by_path), trial.where)
        path = next((path for path in rule.fields if path in by_path), rule.fields[0])
        draws = _draws([entry for entry in ordered if entry.path in relevant], rule)
        if draws is None:
            text = f"too many combinations of conditions to prove that {rule.sentence}; use fewer conditions"
            problems.add(where, f"trial.{path}", text)
            continue
        for draw in draws:
            values = [_value(field, draw, trial) for field in rule.fields]
            if (section, str(draw.get(kind_path, ""))) not in owners or any(v is None for v in values):
                continue
            if not rule.holds(*values):
                problems.add(
                    where, f"trial.{path}", f"{rule.sentence}; {_told(rule.fields, draw, trial, by_path)}"
                )
                break


def declared_rules(trial: TrialEntries) -> dict[Rule, set[tuple[str, str]]]:
    """Rule -> the (section, kind) that declare it, of all kinds that the file can draw."""
    found: dict[Rule, set[tuple[str, str]]] = {}
    for section in (*config.KINDS, *config.PLAIN):
        models = trial.members.models(section)
        for kind in trial.kinds(section):
            model = models.get(kind)
            if model is not None and issubclass(model, Implemented):
                for rule in model.all_rules():
                    found.setdefault(rule, set()).add((section, kind))
    return found


def _relevant(fields: Iterable[str], trial: TrialEntries, by_path: dict[str, Entry]) -> set[str]:
    """The rule's fields, the kinds that own them and all they are conditional on."""
    stack = [path for field in fields for path in (field, f"{field.rpartition('.')[0]}.kind")]
    relevant: set[str] = set()
    while stack:
        path = stack.pop()
        if path not in relevant and (path in by_path or path in trial.broken):
            relevant.add(path)
            stack += [condition.path for condition in by_path[path].conditions] if path in by_path else []
    return relevant


def _draws(entries: list[Entry], rule: Rule) -> list[Draw] | None:
    """The draws of `entries` that decide about the rule; None if even the corners are too many."""
    if rule.monotone:
        return _combinations(entries, every=False)
    if not any(isinstance(entry.domain, FloatRange) for entry in entries):
        draws = _combinations(entries, every=True)
        if draws is not None:
            return draws
    generator = random.Random(0)
    return (_combinations(entries, every=False) or []) + [
        _sampled(entries, generator) for _ in range(N_SAMPLED)
    ]


def _combinations(entries: list[Entry], *, every: bool) -> list[Draw] | None:
    """Every draw of `entries` at all values of their domains, or at the ends; None if they are too many."""
    asked: dict[str, list[Scalar]] = {}
    for entry in entries:
        for condition in entry.conditions:
            asked.setdefault(condition.path, []).extend(condition.allowed)
    draws: list[Draw] = [{}]
    for entry in entries:
        size = entry.domain.high - entry.domain.low if isinstance(entry.domain, IntRange) else 0
        if every and size > MAX_CORNERS:
            return None
        values = _every_value(entry) if every else _ends(entry, asked.get(entry.path, []))
        grown: list[Draw] = []
        for draw in draws:
            if all(condition.holds(draw) for condition in entry.conditions):
                grown += [{**draw, entry.path: value} for value in values]
            else:
                grown.append(draw)
            if len(grown) > MAX_CORNERS:
                return None
        draws = grown
    return draws


def _every_value(entry: Entry) -> list[Scalar]:
    if entry.constant is not None:
        return [entry.constant]
    domain = entry.domain
    values: list[Scalar] = []
    if isinstance(domain, Choice):
        values = list(domain.options)
    elif isinstance(domain, IntRange):
        values = list(range(domain.low, domain.high + 1))
    return values if entry.or_value is None else [*values, entry.or_value]


def _sampled(entries: list[Entry], generator: random.Random) -> Draw:
    """One draw at random, as the search could make it."""
    draw: Draw = {}
    for entry in entries:
        if all(condition.holds(draw) for condition in entry.conditions):
            draw[entry.path] = _one_value(entry, generator)
    return draw


def _one_value(entry: Entry, generator: random.Random) -> Scalar:
    domain = entry.domain
    if entry.or_value is not None and generator.random() < 0.5:
        return entry.or_value
    if domain is None or isinstance(domain, Choice):
        return generator.choice(_every_value(entry))
    at = generator.random()
    if domain.log:
        low, high = math.log(domain.low), math.log(domain.high)
        value = math.exp(low + at * (high - low))
    else:
        value = domain.low + at * (domain.high - domain.low)
    value = min(max(value, domain.low), domain.high)
    return round(value) if isinstance(domain, IntRange) else value


def _ends(entry: Entry, asked: list[Scalar]) -> list[Scalar]:
    """The smallest and largest value and the `or` value; where others ask for values, all kinds of answer."""
    if entry.domain is None:
        assert entry.constant is not None
        return [entry.constant]
    ends: list[Scalar]
    if isinstance(entry.domain, Choice):
        options = entry.domain.options
        numbers = [v for v in options if isinstance(v, int | float) and not isinstance(v, bool)]
        extremes = len(numbers) == len(options) and not asked
        ends = [min(numbers), max(numbers)] if extremes else list(options)
    else:
        ends = [entry.domain.low, entry.domain.high]
        if isinstance(entry.domain, IntRange) and asked:
            ends += _not_asked(entry.domain, asked)
    if entry.or_value is not None:
        ends.append(entry.or_value)
    distinct: list[Scalar] = []
    for value in ends + asked:
        if not any(same(value, other) for other in distinct):
            distinct.append(value)
    return distinct


def _not_asked(domain: IntRange, asked: list[Scalar]) -> list[Scalar]:
    """Smallest and largest value that no condition asks for: what others take their defaults beside."""
    upwards = next((v for v in range(domain.low, domain.high + 1) if v not in asked), domain.low)
    downwards = next((v for v in range(domain.high, domain.low - 1, -1) if v not in asked), domain.high)
    return [upwards, downwards]


def _value(path: str, draw: Draw, trial: TrialEntries) -> Scalar | None:
    """What the trial has at `path`: drawn, or the default of the drawn kind; None if that kind lacks it."""
    if path in draw:
        return draw[path]
    slot = trial.slots[path]
    kind = str(draw.get(f"{slot.section}.kind", ""))
    return slot.default(kind) if kind in slot.owners else None


def _told(fields: Iterable[str], draw: Draw, trial: TrialEntries, by_path: dict[str, Entry]) -> str:
    """`sae.k 32 with sae.width 16 (the default) can be drawn when sae.kind is topk`."""
    parts = [
        f"{path} {_shown(_value(path, draw, trial))}{'' if path in draw else ' (the default)'}"
        for path in fields
    ]
    searched = (path for path in draw if path not in fields and by_path[path].domain is not None)
    others = [f"{path} is {draw[path]}" for path in searched]
    return f"{' with '.join(parts)} can be drawn" + (f" when {' and '.join(others)}" if others else "")


def _shown(value: Scalar | None) -> str:
    """As a space file writes it: true, not True, and an empty string as quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    return "''" if value == "" else str(value)


def read_trial_entries(root: Table, problems: Problems) -> tuple[TrialEntries, list[Entry]]:
    """What `trial` says, and its entries in the order of their conditions; rules are checked."""
    trial = read_trial(root, problems)
    ordered = resolve(trial, problems)
    check_rules(trial, ordered, problems)
    return trial, ordered
