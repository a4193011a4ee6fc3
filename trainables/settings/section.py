"""A group of settings, and what members of the open families add to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from trainables.foreign import code_digest, import_object, is_foreign
from trainables.settings.rules import Rule


class Section(BaseModel):
    """A frozen group of settings; a key that nobody reads is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Implemented(Section):
    """Settings of something that is implemented elsewhere, so that they can be read without torch."""

    implementation: ClassVar[str] = ""
    """`module:Name` of what does the work; every member declares its own."""
    rules: ClassVar[tuple[Rule, ...]] = ()
    """Relations between settings; those of a base class hold as well."""

    @classmethod
    def load_implementation(cls) -> Any:
        """What does the work, imported now."""
        return import_object(cls.implementation)

    @classmethod
    def all_rules(cls) -> tuple[Rule, ...]:
        """Its own and those of the classes it derives from."""
        return tuple(rule for base in reversed(cls.__mro__) for rule in vars(base).get("rules", ()))

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """The settings that a mapping describes."""
        return cls.model_validate(value)

    def identity(self, *without: str) -> dict[str, Any]:
        """What a stage's key says of these settings but those in `without`; of a kind from outside also what
        its code is, since nobody raises a version number for it."""
        settings = self.model_dump(exclude=set(without))
        return {**settings, "code": code_digest(type(self))} if is_foreign(type(self)) else settings


class Member(Implemented):
    """Settings of one kind of a section. One from outside is called by its import path if not otherwise."""

    kind: str = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "kind" not in vars(cls).get("__annotations__", {}):
            cls.model_fields["kind"].default = f"{cls.__module__}:{cls.__qualname__}"
            cls.model_rebuild(force=True)


class WeightedConfig(Implemented):
    """A loss: a weight of the loss' own name, the first field declared, and its other settings.

    Losses of one family share a section, so every name begins with the loss' own.
    """

    version: ClassVar[int] = 1
    """Raised when the implementation gives other results: classifiers trained with it are trained anew."""
    added: ClassVar[frozenset[str]] = frozenset()
    """Settings of later versions. Not written where they have their default, so that older trials stay what
    they were."""

    @classmethod
    def loss_name(cls) -> str:
        """The field that is the weight; 0 switches the loss off."""
        return next(iter(cls.model_fields))


class LossConfig(WeightedConfig):
    """An auxiliary loss of the classifier. All of a trial share the section `auxiliary`."""


class LatentLossConfig(WeightedConfig):
    """A loss on the latents of an SAE that is trained with its network. All share the section `loop`.

    The implementation is a function LatentBatch -> scalar, or a class that is made with the settings of the
    loop and whose objects are such functions; it has no weights of its own.
    """
