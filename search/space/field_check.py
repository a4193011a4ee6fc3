"""One value against one field of a pydantic model: the value to use, or what would be right.

Pydantic's own texts are for programmers; here each of its error types becomes a phrase that ends
"must be ...". A field is checked alone, so one mistake gives one message.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from search.space.nodes import Atom, show_atom
from search.space.problems import choices_hint
from search.study.sections import NAME_PATTERN
from trainables.errors import MemberError
from trainables.settings.loss_section import LOSSES
from trainables.settings.names import Name

_NOUNS = {"int": "a whole number", "float": "a number", "string": "a string", "bool": "true or false"}
_PATTERNS = {
    NAME_PATTERN: "letters, digits, dot, underscore and hyphen, beginning with a letter or digit",
    LOSSES: "package.module:Class, or several separated by a blank",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "greater than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


@lru_cache(maxsize=1024)
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    field = model.model_fields[name]
    annotation: Any = field.annotation
    for item in field.metadata:
        annotation = Annotated[annotation, item]
    return TypeAdapter(annotation, config=ConfigDict(strict=True, allow_inf_nan=False))


def known_names(annotation: Any, metadata: Iterable[Any]) -> tuple[str, ...] | None:
    """The strings that a field of this type may take, where they are a closed list."""
    named = _name_of(metadata)
    if named is not None:
        return tuple(named.registry) if named.also is None else None
    for item in metadata:
        extra = getattr(item, "json_schema_extra", None)
        if isinstance(extra, dict) and "enum" in extra:
            return tuple(str(name) for name in extra["enum"])
    return tuple(get_args(annotation)) if get_origin(annotation) is Literal else None


def base_type(field: FieldInfo) -> str:
    """`int`, `float`, `bool` or `str`: which domains suit the field."""
    kind = field.annotation
    return kind.__name__ if kind in (int, float, bool) else "str"


def fault(model: type[BaseModel], name: str, value: Atom) -> str | None:
    """`8.5; must be a whole number`, or None if the field takes the value."""
    field = model.model_fields[name]
    by_name, wrong = _fault_in_name(field.annotation, field.metadata, value)
    if by_name:
        return wrong
    try:
        _adapter(model, name).validate_python(value)
    except ValidationError as error:
        phrases = list(dict.fromkeys(_phrase(dict(part)) for part in error.errors(include_url=False)))
        return f"wrong value {show_atom(value)}; must be {' or '.join(phrases)}"
    return None


def fault_of_item(model: type[BaseModel], name: str, value: Atom) -> str | None:
    """The same for one item of a field that is a list of names."""
    annotation, *metadata = get_args(get_args(model.model_fields[name].annotation)[0])
    return _fault_in_name(annotation, metadata, value)[1]


def _fault_in_name(annotation: Any, metadata: Iterable[Any], value: Atom) -> tuple[bool, str | None]:
    """Whether the field takes names from a closed list, and what is then wrong with this one."""
    named = _name_of(metadata)
    if named is not None and value in named.retired:
        return True, None
    if named is not None and isinstance(value, str) and named.registry.is_named(value):
        return True, _fault_outside(named, value)
    known = known_names(annotation, metadata)
    if known is None:
        return False, None
    return True, None if value in known else f"unknown value {show_atom(value)}{choices_hint(value, known)}"


def _name_of(metadata: Iterable[Any]) -> Name | None:
    return next((part for part in metadata if isinstance(part, Name)), None)


def _fault_outside(named: Name, value: str) -> str | None:
    """What is wrong with a member from outside; ours are in order."""
    if value not in named.registry.built_in:
        try:
            named.registry[value]
        except MemberError as error:
            return str(error)
    return None


def accepted(model: type[BaseModel], name: str, value: Any) -> Any:
    """The value in the field's own type (1 becomes 1.0 in a float field); it must be faultless."""
    return _adapter(model, name).validate_python(value)


def _phrase(error: dict[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind in _BOUNDS:
        attribute, words = _BOUNDS[kind]
        return f"{words} {context[attribute]}"
    if kind == "name":
        return str(context["wanted"])
    if kind == "literal_error":
        return str(context["expected"])
    if kind == "finite_number":
        return "finite"
    if kind == "string_pattern_mismatch":
        return _PATTERNS[context["pattern"]]
    if kind == "string_too_short":
        return (
            "at least one character" if context["min_length"] == 1 else f"{context['min_length']} characters"
        )
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    for stem, noun in _NOUNS.items():
        if kind.startswith(f"{stem}_"):
            return noun
    return str(error["msg"]).lower()
