"""Every value a trial has, read off the classes of settings: path, who owns it, its default."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from search.space.field_check import accepted, base_type, fault
from search.space.nodes import Atom, show_atom
from search.space.problems import choices_hint
from search.study.domains import Scalar
from trainables import config
from trainables.settings.section import Section


@dataclass(frozen=True)
class Slot:
    """One setting of the trial. `owners` maps a kind to the model that has the field.

    In a section without variants, and for fields of the trial itself, the only owner is "".
    """

    path: str
    owners: dict[str, type[BaseModel]]
    n_kinds: int = 1

    @property
    def section(self) -> str:
        """`sae` of `sae.k`; empty for a field of the trial itself."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The last part of the path: `k` of `sae.k`."""
        return self.path.rpartition(".")[2]

    @property
    def kind_path(self) -> str | None:
        """`sae.kind`, where the section has kinds and some of them lack this field; else None."""
        return f"{self.section}.kind" if len(self.owners) < self.n_kinds else None

    @property
    def is_kind(self) -> bool:
        """Whether this slot is the `kind` of a section."""
        return self.name == "kind" and self.section in config.KINDS

    @property
    def field(self) -> FieldInfo:
        """The field in the first model that has it."""
        return next(iter(self.owners.values())).model_fields[self.name]

    @property
    def base_type(self) -> str:
        """`int`, `float`, `bool` or `str`."""
        return base_type(self.field)

    def fault(self, value: Atom, kinds: Collection[str]) -> str | None:
        """What the first of `kinds` that refuses `value` has against it; None if all take it."""
        if self.is_kind:
            if value in self.owners:
                return None
            return f"unknown kind {show_atom(value)}{choices_hint(value, tuple(config.KINDS[self.section]))}"
        for kind, model in self.owners.items():
            if kind in kinds:
                wrong = fault(model, self.name, value)
                if wrong is not None:
                    return wrong
        return None

    def accepted(self, value: Atom) -> Scalar:
        """A faultless value in the field's own type."""
        if self.is_kind:
            return str(value)
        result: Scalar = accepted(next(iter(self.owners.values())), self.name, value)
        return result

    def default(self, kind: str) -> Scalar:
        """What a trial of this kind takes when the space file says nothing."""
        if self.is_kind:
            return default_kind(self.section)
        value: Scalar = self.owners[kind].model_fields[self.name].default
        return value


def default_kind(section: str) -> str:
    """The kind a section has when the space file names none."""
    kind: str = getattr(config.TrialConfig(), section).kind
    return kind


def built_in_models(section: str) -> dict[str, Any]:
    """Kind -> settings of ours; "" -> the section's, or the trial's, where there are no kinds."""
    if section not in config.KINDS:
        return {"": config.PLAIN.get(section, config.TrialConfig)}
    return {kind: config.KINDS[section][kind] for kind in config.KINDS[section].built_in}


@dataclass(frozen=True)
class Members:
    """What a space file adds to the kinds and losses of this repository."""

    kinds: Mapping[str, Mapping[str, type[Section]]] = field(default_factory=dict)
    """Section -> kind ("" where it has none) -> settings, also ours where losses from elsewhere join them."""

    def models(self, section: str) -> dict[str, type[Section]]:
        """Kind -> settings of all kinds that may be written, "" where there are none; ours first."""
        return {**built_in_models(section), **self.kinds.get(section, {})}


def slots(members: Members | None = None) -> dict[str, Slot]:
    """Path -> slot, in the order of the tables: this order, not the file's, is the order of a Study."""
    table: dict[str, Slot] = {}
    for section in config.TrialConfig.model_fields:
        models = (members or Members()).models(section)
        if section in config.SCALARS:
            table[section] = Slot(section, dict(models))
            continue
        if section in config.KINDS:
            table[f"{section}.kind"] = Slot(f"{section}.kind", dict(models), len(models))
        for kind, model in models.items():
            for name in model.model_fields:
                path = f"{section}.{name}"
                if path in table and name != "kind":
                    table[path].owners[kind] = model
                elif path not in table:
                    table[path] = Slot(path, {kind: model}, len(models))
    return table
