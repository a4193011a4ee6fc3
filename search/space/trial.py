"""The `trial` of a space file: node -> entries, one per slot that the file mentions, and every kind."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from search.space.domains import DOMAINS, read_entry
from search.space.entry import Entry
from search.space.members import read_members
from search.space.nodes import Node, Table, show
from search.space.problems import Problems, Source, Where, choices_hint
from search.space.trial_fields import Members, Slot, default_kind, slots
from search.study.domains import Choice, Scalar
from trainables import config
from trainables.settings.auxiliary import CONCEPT_FILE

FILES = {"classifier.weights": ".+", "auxiliary.concept_table": CONCEPT_FILE}
"""Settings that name a file, by a path from the folder that those of `data` count from -> pattern of what
of their values is a path."""


@dataclass
class TrialEntries:
    """What a space file says of the trial. Paths in `broken` have a problem noted already."""

    slots: dict[str, Slot]
    where: Where
    members: Members = field(default_factory=Members)
    entries: dict[str, Entry] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    incomplete: frozenset[str] = frozenset()
    """Sections with a member that cannot be had, whose settings are not known."""

    def kinds(self, section: str) -> tuple[str, ...]:
        """Kinds that the section can have; all of them while its `kind` is broken; ("",) without variants."""
        entry = self.entries.get(f"{section}.kind")
        if entry is None:
            return tuple(self.members.models(section))
        if isinstance(entry.domain, Choice):
            return tuple(str(option) for option in entry.domain.options)
        return (str(entry.constant),)


def read_trial(root: Table, problems: Problems) -> TrialEntries:
    """Every entry under `trial`. Conditions are not resolved yet."""
    node = root.entries.get("trial", Table(root.where, {}, {}, 1, 1))
    members, broken = read_members(root, problems)
    incomplete = frozenset(path.partition(".")[0] for path in broken)
    trial = TrialEntries(slots(members), node.where, members, broken=broken, incomplete=incomplete)
    if not isinstance(node, Table):
        problems.add(
            node.where, "trial", f"wrong value {show(node)}; must be a mapping with {_names(_sections())}"
        )
        return trial
    for key, where in node.keys.items():
        if key not in _sections():
            problems.add(
                where, f"trial.{key}", f"unknown key{choices_hint(key, _sections())}{_home_of(key, trial)}"
            )
    for section in _sections():
        if section in config.SCALARS:
            if section in node.entries:
                _read_slot(trial, section, node.entries[section], node.keys[section], problems)
        else:
            _read_section(trial, section, node.entries.get(section), problems)
    return trial


def _sections() -> tuple[str, ...]:
    return tuple(config.TrialConfig.model_fields)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names)


def _home_of(key: str, trial: TrialEntries) -> str:
    """Where a key belongs that stands in the wrong section."""
    homes = [
        path for path, slot in trial.slots.items() if slot.name == key and slot.section and not slot.is_kind
    ]
    return f" ({' and '.join(homes)} exist{'s' if len(homes) == 1 else ''})" if homes else ""


def _read_section(trial: TrialEntries, section: str, node: Node | None, problems: Problems) -> None:
    if node is not None and not isinstance(node, Table):
        names = ("kind",) if section in config.KINDS else tuple(config.PLAIN[section].model_fields)
        problems.add(
            node.where,
            f"trial.{section}",
            f"wrong value {show(node)}; must be a mapping with {_names(names)}",
        )
        trial.broken.update(path for path, slot in trial.slots.items() if slot.section == section)
        return
    if section in config.KINDS:
        _read_kind(trial, section, node, problems)
    if node is None:
        return
    for key, value in node.entries.items():
        path = f"{section}.{key}"
        if path in trial.slots:
            if not trial.slots[path].is_kind and path not in trial.broken:
                _read_slot(trial, path, value, node.keys[key], problems)
        elif section not in trial.incomplete:
            known = [slot.name for slot in trial.slots.values() if slot.section == section]
            hint = (
                f"; a section is no domain, give one to its values, as in kind: {{{key}: ...}}"
                if key in DOMAINS
                else choices_hint(key, known) + _home_of(key, trial)
            )
            problems.add(node.keys[key], f"trial.{path}", f"unknown key{hint}")


def _read_kind(trial: TrialEntries, section: str, node: Table | None, problems: Problems) -> None:
    path = f"{section}.kind"
    if path in trial.broken:
        return
    if node is not None and "kind" in node.entries:
        entry = read_entry(trial.slots[path], node.entries["kind"], (), problems)
        if entry is None:
            trial.broken.add(path)
            return
    else:
        where = trial.where if node is None else node.where
        entry = Entry(trial.slots[path], where, constant=default_kind(section))
    trial.entries[path] = entry


def _read_slot(trial: TrialEntries, path: str, node: Node, key: Where, problems: Problems) -> None:
    slot = trial.slots[path]
    possible = trial.kinds(slot.section)
    kinds = tuple(kind for kind in possible if kind in slot.owners)
    if not kinds and _set_aside(trial, slot, key):
        return
    if not kinds:
        owning = f"belongs to {slot.section}.kind {' or '.join(slot.owners)}"
        here = f"but the kind here is {' or '.join(possible)}"
        problems.add(key, f"trial.{path}", f"{owning}, {here}; remove it or change the kind")
        entry = None
    else:
        entry = read_entry(slot, node, kinds, problems)
    if entry is not None and path in FILES:
        entry = _with_places(entry, FILES[path], node.where.source)
    if entry is None:
        trial.broken.add(path)
    else:
        trial.entries[path] = entry


def _with_places(entry: Entry, pattern: str, source: Source) -> Entry:
    """With absolute paths, be it one or several to choose from."""

    def placed(value: Scalar | None) -> Any:
        is_path = isinstance(value, str) and re.fullmatch(pattern, value)
        return source.absolute(str(value)) if is_path else value

    domain = entry.domain
    if isinstance(domain, Choice):
        domain = Choice(tuple(map(placed, domain.options)))
    return replace(
        entry,
        domain=domain,
        constant=placed(entry.constant),
        given_default=placed(entry.given_default),
        or_value=placed(entry.or_value),
        prior=entry.prior and replace(entry.prior, value=placed(entry.prior.value)),
    )


def _set_aside(trial: TrialEntries, slot: Slot, key: Where) -> bool:
    """Whether the file gives this value to a kind that a `--set` took out of the search: no mistake."""
    kind = trial.entries[f"{slot.section}.kind"]
    return kind.where.source.order > 0 and key.source.order == 0
