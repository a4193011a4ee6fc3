"""Text from JSON that can be written again: JSON may spell half a surrogate pair, which no file can hold."""

from __future__ import annotations

from typing import Any


def encodable(value: Any) -> Any:
    """A JSON value with every lone surrogate in it, in keys too, spelt out as `\\udcff`."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [encodable(item) for item in value]
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    return value
