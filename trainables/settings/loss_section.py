"""A section of settings that losses share: the fields of each of them, ours and those from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self, cast

from pydantic import Field, SerializerFunctionWrapHandler, create_model, model_serializer

from trainables.errors import MemberError
from trainables.foreign import code_digest, is_foreign
from trainables.registry import Registry
from trainables.settings.section import Implemented, WeightedConfig

LOSSES = r"^(|[\w.:]+( [\w.:]+)*)$"


class LossSection(Implemented):
    """What the section of a family of losses derives from, before the settings of each loss."""

    family: ClassVar[Registry]
    losses: str = Field(
        "",
        pattern=LOSSES,
        description="Losses from elsewhere, whose settings then belong to this section: package.module:Class "
        "or the name under which a package has it, several separated by a blank.",
    )

    @model_serializer(mode="wrap")
    def _without_what_is_not_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Trials of before there were losses from elsewhere, or a setting, are the same trials."""
        dumped: dict[str, Any] = handler(self)
        added = {"losses"}.union(*(loss.added for loss in self.loss_classes().values()))
        fields = type(self).model_fields
        return {
            name: value
            for name, value in dumped.items()
            if name not in added or value != fields[name].default
        }

    @classmethod
    def loss_classes(cls) -> dict[str, type[WeightedConfig]]:
        """Name -> settings of every loss of the section, in the order of its fields."""
        bases = (c for c in reversed(cls.__mro__) if vars(c).get("implementation"))
        own = (c for c in bases if issubclass(c, WeightedConfig) and not issubclass(c, LossSection))
        return {loss.loss_name(): loss for loss in own}

    def active(self) -> dict[str, type[WeightedConfig]]:
        """The losses that are switched on."""
        return {name: loss for name, loss in self.loss_classes().items() if getattr(self, name) > 0}

    def identity(self, *without: str) -> dict[str, Any]:
        """What decides a training: without the settings of losses that are off, and with the code of one from
        elsewhere."""
        dumped = super().identity("losses", *without)
        for name, loss in self.loss_classes().items():
            if getattr(self, name) == 0:
                silent = set(loss.model_fields) - (set() if is_foreign(loss) else {name})
                dumped = {key: value for key, value in dumped.items() if key not in silent}
                continue
            if loss.version > 1:
                dumped[f"{name} version"] = loss.version
            if is_foreign(loss):
                dumped[f"{name} code"] = code_digest(loss)
        return dumped

    @classmethod
    def having(cls, losses: str) -> type[Self]:
        """The section with the losses of these import paths or names, separated by blanks, besides."""
        return cast(type[Self], _extended(cls, tuple(losses.split())))

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """The section that a mapping describes, with whatever losses it names."""
        return cls.having(str(value.get("losses") or "")).model_validate(value)


@cache
def _extended(section: type[LossSection], losses: tuple[str, ...]) -> type[LossSection]:
    if not losses:
        return section
    members: list[type[WeightedConfig]] = [section.family[loss] for loss in losses]
    taken = dict.fromkeys(section.model_fields, "this section")
    for path, member in zip(losses, members, strict=True):
        for name in member.model_fields:
            if name in taken:
                raise MemberError(f"{path}: {taken[name]} has a setting {name} already; take another name")
            taken[name] = path
    fields = section.model_fields
    kind: Any = {"kind": (str, fields["kind"].default)} if "kind" in fields else {}
    create: Any = create_model  # whose bases are not known to a type checker
    extended: type[LossSection] = create(
        section.__name__, __base__=(*reversed(members), section), __module__=section.__module__, **kind
    )
    return extended
