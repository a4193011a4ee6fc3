"""What a space file brings along: kinds and losses that it names by import path or by a package's name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from search.space.nodes import Items, Leaf, Node, Table, show
from search.space.problems import Problems, choices_hint
from search.space.trial_fields import Members, built_in_models
from trainables import config
from trainables.errors import MemberError
from trainables.registry import Registry
from trainables.settings.loss_section import LossSection


def read_members(root: Table, problems: Problems) -> tuple[Members, set[str]]:
    """The members of the file's trial, imported; and the paths of the trial at which one cannot be had."""
    trial, broken = root.entries.get("trial"), set()
    sections = trial.entries if isinstance(trial, Table) else {}
    kinds: dict[str, dict[str, Any]] = {}
    for section in (*config.KINDS, *config.PLAIN):
        given = kinds.setdefault(section, {})
        for leaf in _named(sections.get(section)) if section in config.KINDS else ():
            try:
                given.update(_kind(section, leaf))
            except MemberError as error:
                problems.add(leaf.where, f"trial.{section}.kind", str(error))
                broken.add(f"{section}.kind")
        node = sections.get(section)
        losses = node.entries.get("losses") if isinstance(node, Table) else None
        if losses is not None:
            try:
                given.update(_with_losses({**built_in_models(section), **given}, losses))
            except MemberError as error:
                problems.add(losses.where, f"trial.{section}.losses", str(error))
                broken.add(f"{section}.losses")
    return Members(kinds), broken


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


def _with_losses(models: Mapping[str, Any], node: Node) -> dict[str, type[LossSection]]:
    """Those of a section's kinds that have losses, with the losses that the node names besides."""
    sections = {kind: model for kind, model in models.items() if issubclass(model, LossSection)}
    return {kind: model.having(_losses(model.family, node)) for kind, model in sections.items()}


def _losses(family: Registry, node: Node) -> str:
    if not isinstance(node, Leaf) or not isinstance(node.value, str):
        raise MemberError(
            f"wrong value {show(node)}; must be package.module:Class, or several separated by a blank"
        )
    for name in node.value.split():
        if not family.is_named(name) or name in family.built_in:
            known = tuple(n for n in family if n not in family.built_in)
            hint = choices_hint(name, known) if known else "; must be package.module:Class"
            raise MemberError(f"no {family.noun} from elsewhere is called {name!r}{hint}")
    return node.value
