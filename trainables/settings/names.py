"""A setting that is the name of a member of an open family, or the import path of one from outside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from trainables.foreign import IMPORT_PATH
from trainables.registry import Registry


@dataclass(frozen=True, eq=False)
class Name:
    """Marks a field of str: `Annotated[str, Name(registry.FRONT_ENDS)]`. Nothing is imported to check it.

    also: a pattern of what else the field takes; wanted: what must then be said to be right; retired: names
    of older versions, which the field takes and no schema offers.
    """

    registry: Registry
    also: str | None = None
    wanted: str = ""
    retired: frozenset[str] = frozenset()

    def accepts(self, name: object) -> bool:
        """Whether the field takes it."""
        other = self.also is not None and isinstance(name, str) and re.fullmatch(self.also, name) is not None
        return other or name in self.retired or self.registry.is_named(name)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        patterns = [f"^({pattern})$" for pattern in (IMPORT_PATH, self.also) if pattern is not None]
        named = {"enum": list(self.registry.built_in)}
        return {"anyOf": [named, *({"type": "string", "pattern": pattern} for pattern in patterns)]}

    def _checked(self, name: str) -> str:
        if not self.accepts(name):
            wanted = self.wanted or f"one of {', '.join(self.registry)}"
            raise PydanticCustomError("name", "{wanted}", {"wanted": wanted})
        return name
