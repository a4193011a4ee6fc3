"""What a space file brings along: kinds and losses that it names by import path or by a package's name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from search.space.nodes import Items, Leaf, Node, Table, show
from search.space.problems import Problems, choices_hint
from search.space.trial_fields import LOSSES, Members
from trainables import config, registry
from trainables.errors import MemberError
from trainables.settings.auxiliary import AuxiliaryConfig


def read_members(root: Table, problems: Problems) -> tuple[Members, set[str]]:
    """The members of the file's trial, imported; and the paths of the trial at which one cannot be had."""
    trial, broken = root.entries.get("trial"), set()
    sections = trial.entries if isinstance(trial, Table) else {}
    kinds: dict[str, dict[str, Any]] = {}
    for section in config.KINDS:
        for leaf in _named(sections.get(section)):
            try:
                kinds.setdefault(section, {}).update(_kind(section, leaf))
            except MemberError as error:
                problems.add(leaf.where, f"trial.{section}.kind", str(error))
                broken.add(f"{section}.kind")
    auxiliary = AuxiliaryConfig
    given = sections.get("auxiliary")
    losses = given.entries.get("losses") if isinstance(given, Table) else None
    if losses is not None:
        try:
            auxiliary = _auxiliary(losses)
        except MemberError as error:
            problems.add(losses.where, f"trial.{LOSSES}", str(error))
            broken.add(LOSSES)
    return Members(kinds, auxiliary), broken


def _named(section: Node | None) -> Iterator[Leaf]:
    """Every value that the section's kind can take."""
    kind = section.entries.get("kind") if isinstance(section, Table) else None
    options = kind.entries.get("choice") if isinstance(kind, Table) else kind
    for node in options.items if isinstance(options, Items) else (options,):
        if isinstance(node, Leaf):
            yield node


def _kind(section: str, leaf: Leaf) -> dict[str, Any]:
    """Its settings by its name, unless it is one of ours or unknown, which is told elsewhere."""
    family = config.KINDS[section]
    if leaf.value in family.built_in or not family.is_named(leaf.value):
        return {}
    return {str(leaf.value): family[str(leaf.value)]}


def _auxiliary(node: Node) -> type[AuxiliaryConfig]:
    if not isinstance(node, Leaf) or not isinstance(node.value, str):
        raise MemberError(
            f"wrong value {show(node)}; must be package.module:Class, or several separated by a blank"
        )
    for name in node.value.split():
        if not registry.AUXILIARY_LOSSES.is_named(name) or name in registry.AUXILIARY_LOSSES.built_in:
            known = tuple(n for n in registry.AUXILIARY_LOSSES if n not in registry.AUXILIARY_LOSSES.built_in)
            hint = choices_hint(name, known) if known else "; must be package.module:Class"
            raise MemberError(f"no loss from elsewhere is called {name!r}{hint}")
    return AuxiliaryConfig.having(node.value)
