"""JSON Schema of space files, for completion and checks in an editor.

`python -m search.space.json_schema` writes it beside this file. Draft 7, which is what the YAML language
server speaks. The schema knows keys, types, limits and domains; conditions and rules only the loader knows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from search.space.trial_fields import Slot, slots
from search.study.design import REPLICATE
from search.study.priors import CONFIDENCES
from search.study.sections import NAME_PATTERN, SpaceFile
from trainables import config
from trainables.foreign import IMPORT_PATH
from trainables.registry import DATASETS

PATH = Path(__file__).parents[1] / "space.schema.json"
_REF = "#/definitions/{model}"
_DROPPED = ("title", "description", "default")


def schema() -> dict[str, Any]:
    """The whole schema as JSON-ready values."""
    whole = SpaceFile.model_json_schema(ref_template=_REF)
    definitions = whole.pop("$defs", {})
    definitions["when"] = _when_schema()
    definitions["confidence"] = {"enum": list(CONFIDENCES), "description": "How sure the prior is."}
    data = definitions["DataSource"]
    data["properties"] |= _own_data_settings()
    _open_for_others(data, "name")
    directions = definitions["DesignSection"]["properties"]["one_at_a_time"]
    directions["additionalProperties"] = {**_direction_schema(), "minProperties": 1}
    directions["propertyNames"] = {"pattern": NAME_PATTERN}
    whole["properties"]["trial"] = _trial_schema()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "sae-search space file",
        **_untitled({**whole, "definitions": definitions}),
    }


def text() -> str:
    """The schema as the committed file has it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _untitled(value: Any) -> Any:
    """Without pydantic's titles, which repeat the keys."""
    if isinstance(value, list):
        return [_untitled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _untitled(item) for key, item in value.items() if key != "title" or not isinstance(item, str)
    }


def _own_data_settings() -> dict[str, Any]:
    """Settings in `data` that one dataset alone has."""
    properties: dict[str, Any] = {}
    for name in DATASETS.built_in:
        own = DATASETS[name].model_json_schema(ref_template=_REF)["properties"]
        for key, value in own.items():
            properties[key] = {**value, "description": f"{value['description']} Only of dataset {name}."}
    return properties


def _trial_schema() -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for path, slot in slots().items():
        if not slot.section:
            properties[path] = _value_schema(slot)
            continue
        section = properties.setdefault(slot.section, _section_schema(slot.section))
        section["properties"][slot.name] = _value_schema(slot)
    for section in properties.values():
        if "properties" in section:
            _open_for_others(section, *(key for key in ("kind", "losses") if key in section["properties"]))
    return _closed(
        properties, "The trial: every value is a constant or a domain, and only such are searched."
    )


def _section_schema(section: str) -> dict[str, Any]:
    if section in config.PLAIN:
        return _closed({}, _first_line(config.PLAIN[section]))
    family = config.KINDS[section]
    kinds = "; ".join(f"{kind}: {_first_line(family[kind])}" for kind in family.built_in)
    return _closed({}, f"The {section}. {kinds}")


def _open_for_others(section: dict[str, Any], *keys: str) -> None:
    """A section that names a member from elsewhere may have keys that are not known here."""
    path = {"type": "string", "pattern": ":"}
    among = {"type": "object", "properties": {"choice": {"contains": path}}, "required": ["choice"]}
    del section["additionalProperties"]
    named = [{"properties": {key: {"anyOf": [path, among]}}, "required": [key]} for key in keys]
    section["if"] = named[0] if len(named) == 1 else {"anyOf": named}
    section["else"] = {"propertyNames": {"enum": list(section["properties"])}}


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _closed(properties: dict[str, Any], description: str | None = None) -> dict[str, Any]:
    told = {} if description is None else {"description": description}
    return {"type": "object", **told, "properties": properties, "additionalProperties": False}


def _open(properties: dict[str, Any], description: str) -> dict[str, Any]:
    """Keys are dotted paths, also of members from elsewhere; their sections are known."""
    sections = "|".join(config.TrialConfig.model_fields)
    return {
        **_closed(properties, description),
        "additionalProperties": True,
        "propertyNames": {"pattern": f"^({sections})"},
    }


def _value_schema(slot: Slot) -> dict[str, Any]:
    """Constant or domain of one slot. Where kinds limit a field differently, either limit passes here."""
    constant, description = _constant_schema(slot), f"Which {slot.section}."
    if not slot.is_kind:
        description = f"{slot.field.description or slot.name}{_of_kinds(slot)}"
    return {
        "description": description,
        "default": slot.default(next(iter(slot.owners))),
        "anyOf": [constant, _domain_schema(slot, constant)],
    }


def _constant_schema(slot: Slot) -> dict[str, Any]:
    if slot.is_kind:
        return {"anyOf": [{"enum": list(slot.owners)}, {"type": "string", "pattern": f"^{IMPORT_PATH}$"}]}
    versions = [_field_schema(model, slot.name) for model in slot.owners.values()]
    distinct = [schema for i, schema in enumerate(versions) if schema not in versions[:i]]
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _of_kinds(slot: Slot) -> str:
    return f" Only of {slot.section}.kind {', '.join(slot.owners)}." if slot.kind_path else ""


def _field_schema(model: type[BaseModel], name: str) -> dict[str, Any]:
    properties = model.model_json_schema(ref_template=_REF)["properties"]
    return {key: value for key, value in properties[name].items() if key not in _DROPPED}


def _domain_schema(slot: Slot, constant: dict[str, Any]) -> dict[str, Any]:
    """One object with every domain that suits the slot, exactly one of them required."""
    ranges = {"int": ("int", "log_int"), "float": ("uniform", "log_uniform", "int", "log_int")}
    pair = {"type": "array", "items": constant, "minItems": 2, "maxItems": 2}
    options = {"type": "array", "items": constant, "minItems": 1, "uniqueItems": True}
    domains = {"choice": options, **{name: pair for name in ranges.get(slot.base_type, ())}}
    modifiers: dict[str, Any] = {
        "default": constant,
        "prior": constant,
        "confidence": {"$ref": "#/definitions/confidence"},
    }
    if not slot.is_kind:
        modifiers |= {"when": {"$ref": "#/definitions/when"}, "or": constant}
    return {**_closed({**domains, **modifiers}), "oneOf": [{"required": [name]} for name in domains]}


def _when_schema() -> dict[str, Any]:
    scalar = {"type": ["string", "number", "boolean"]}
    value = {"anyOf": [scalar, {"type": "array", "items": scalar, "minItems": 1}]}
    description = "Drawn only where every value named here is drawn: {sae.kind: [topk]}."
    return _open({path: value for path in slots()}, description)


def _direction_schema() -> dict[str, Any]:
    values = {path: _constant_schema(slot) for path, slot in slots().items() if path != REPLICATE}
    return _open(values, "What a direction sets otherwise than the trial, by dotted path.")


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
