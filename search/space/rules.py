"""Cross-field rules held against the corners of what can be drawn.

For each rule only its own fields, their kinds and what these are conditional on are enumerated, at the
ends of their domains. Rules are monotone in each number, so that the corners decide for what lies between.
"""

from __future__ import annotations

from collections.abc import Iterable

from search.space.conditions import resolve
from search.space.entry import Entry
from search.space.nodes import Table
from search.space.problems import Problems
from search.space.trial import TrialEntries, read_trial
from search.study.domains import Choice, IntRange, Scalar, same
from trainables.settings.rules import RULES

MAX_CORNERS = 20_000
Draw = dict[str, Scalar]


def check_rules(trial: TrialEntries, ordered: list[Entry], problems: Problems) -> None:
    """One problem for each rule that some reachable draw breaks."""
    by_path = {entry.path: entry for entry in ordered}
    for rule in RULES:
        relevant = _relevant(rule.fields, trial, by_path)
        if any(path in trial.broken for path in (*rule.fields, *relevant)):
            continue
        where = next((by_path[path].where for path in rule.fields if path in by_path), trial.where)
        path = next((path for path in rule.fields if path in by_path), rule.fields[0])
        corners = _corners([entry for entry in ordered if entry.path in relevant])
        if corners is None:
            text = f"too many combinations of conditions to prove that {rule.sentence}; use fewer conditions"
            problems.add(where, f"trial.{path}", text)
            continue
        for draw in corners:
            values = [_value(field, draw, trial) for field in rule.fields]
            if all(value is not None for value in values) and not rule.holds(*values):
                problems.add(
                    where, f"trial.{path}", f"{rule.sentence}; {_told(rule.fields, draw, trial, by_path)}"
                )
                break


def _relevant(fields: Iterable[str], trial: TrialEntries, by_path: dict[str, Entry]) -> set[str]:
    """The rule's fields, the kinds that own them and all they are conditional on."""
    stack = [path for field in fields for path in (field, f"{trial.slots[field].section}.kind")]
    relevant: set[str] = set()
    while stack:
        path = stack.pop()
        if path not in relevant and (path in by_path or path in trial.broken):
            relevant.add(path)
            stack += [condition.path for condition in by_path[path].conditions] if path in by_path else []
    return relevant


def _corners(entries: list[Entry]) -> list[Draw] | None:
    """Every draw of `entries` at the ends of their domains; None if they are too many."""
    asked: dict[str, list[Scalar]] = {}
    for entry in entries:
        for condition in entry.conditions:
            asked.setdefault(condition.path, []).extend(condition.allowed)
    draws: list[Draw] = [{}]
    for entry in entries:
        ends = _ends(entry, asked.get(entry.path, []))
        grown: list[Draw] = []
        for draw in draws:
            if all(condition.holds(draw) for condition in entry.conditions):
                grown += [{**draw, entry.path: end} for end in ends]
            else:
                grown.append(draw)
            if len(grown) > MAX_CORNERS:
                return None
        draws = grown
    return draws


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
