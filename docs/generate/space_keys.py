"""Every key of a space file with its default and limits, from the committed JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docs.generate.code_map import ROOT

HEAD = """\
# Every key of a space file

Made from [`search/space.schema.json`](../search/space.schema.json), which the code writes from the same
settings that check a file. Any value below `trial` is a constant or a domain (`{choice: [...]}`,
`{uniform: [low, high]}`, `{log_uniform: ...}`, `{int: ...}`, `{log_int: ...}`), with `when`, `or` and
`default` beside it where that helps; the other sections take constants. Lines in which a kind
is named hold for that kind alone.
"""
MANY = 20  # names listed in a cell; metrics are more and have a page
COLUMNS = "| key | default | allowed | what |\n|---|---|---|---|\n"


def page(root: Path = ROOT) -> str:
    """The whole page as Markdown."""
    schema = json.loads((root / "search" / "space.schema.json").read_text(encoding="utf-8"))
    trial = schema["properties"]["trial"]
    parts = [HEAD, "## The file\n", COLUMNS + "\n".join(_rows(schema, schema, ""))]
    for name, section in trial["properties"].items():
        title = f"trial.{name}"
        if "properties" in section:
            parts += [f"## {title}\n", section.get("description", "") + "\n"]
            parts.append(
                COLUMNS
                + "\n".join(_value_row(f"{title}.{key}", slot) for key, slot in section["properties"].items())
            )
        else:
            parts += [f"## {title}\n", COLUMNS + _value_row(title, section)]
    return "\n".join(parts) + "\n"


def _rows(schema: dict[str, Any], model: dict[str, Any], prefix: str) -> Iterator[str]:
    """The keys outside `trial`; a section's keys follow its own line."""
    for name, field in model["properties"].items():
        if prefix == "" and name == "trial":
            continue
        inner = _section(schema, field)
        path = f"{prefix}{name}"
        if inner is None:
            required = name in model.get("required", ())
            yield _line(path, "required" if required else _shown(field.get("default")), allowed(field), field)
            continue
        is_list = field.get("type") == "array"
        yield _line(path, "", "a list of sections" if is_list else "a section", field or inner, inner)
        yield from _rows(schema, inner, f"{path}[]." if is_list else f"{path}.")


def _section(schema: dict[str, Any], field: dict[str, Any]) -> dict[str, Any] | None:
    for part in (field, field.get("items", {}), *field.get("anyOf", ())):
        if "$ref" in part:
            found: dict[str, Any] = schema["definitions"][part["$ref"].rpartition("/")[2]]
            return found if "properties" in found else None
    return None


def _value_row(path: str, slot: dict[str, Any]) -> str:
    """A line of the trial: the first of the slot's alternatives is what a constant may be."""
    constant = slot["anyOf"][0] if "anyOf" in slot else slot
    return _line(path, _shown(slot.get("default")), allowed(constant), slot)


def _line(path: str, default: str, may_be: str, *described: dict[str, Any]) -> str:
    text = next((d["description"] for d in described if d.get("description")), "")
    return f"| `{path}` | {default} | {_cell(may_be)} | {_cell(text)} |"


def _cell(text: str) -> str:
    """A newline or a bar would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _shown(value: object) -> str:
    return "" if value is None else f"`{json.dumps(value)}`"


def allowed(schema: dict[str, Any]) -> str:
    """What a constant may be, in words: `a whole number from 1 to 8192`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(allowed(part) for part in schema["anyOf"]))
    if "enum" in schema:
        names = [str(value) for value in schema["enum"]]
        return ", ".join(names) if len(names) <= MANY else f"the name of one of {len(names)}"
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"a list of: {allowed(schema.get('items', {}))}"
    nouns = {"integer": "a whole number", "number": "a number", "boolean": "true or false", "string": "text"}
    words = {"null": "nothing", "object": "a mapping", **nouns}
    return words.get(str(schema.get("type")), "anything") + _limits(schema)


def _limits(schema: dict[str, Any]) -> str:
    bounds = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "to {}",
        "exclusiveMaximum": "below {}",
        "maxLength": "of at most {} characters",
    }
    return "".join(f" {words.format(f'{schema[key]:,}')}" for key, words in bounds.items() if key in schema)
