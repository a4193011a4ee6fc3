"""The committed JSON Schema is current and agrees with the loader on the shipped files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from search.space.json_schema import PATH, text
from search.space.loader import load_text
from search.space.nodes import Items, Node, Table
from search.space.problems import Problems, Source
from search.space.yaml_tree import parse
from tests.search_tests.space_texts import SPACES, with_trial

SCHEMA = json.loads(PATH.read_text(encoding="utf-8"))


def plain(node: Node | None) -> Any:
    if isinstance(node, Table):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return None if node is None else node.value


def validate(yaml: str) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(plain(parse(Source("x", yaml), Problems())))


def test_committed_schema_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == text(), "run `python -m search.space.json_schema`"


def test_it_is_a_schema_of_draft_7() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert "$defs" not in PATH.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_shipped_spaces_validate_and_name_the_schema(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert source.splitlines()[0] == "# yaml-language-server: $schema=../search/space.schema.json"
    validate(source)
    validate(load_text(source, path.name).resolved_text)


@pytest.mark.parametrize(
    "body",
    [
        "  sae: {widht: 3}\n",
        "  sae: {k: 0}\n",
        "  sae: {k: 2.5}\n",
        "  sae: {width: {uniform: [8, 16]}}\n",
        "  sae: {width: {int: [8, 16, 32]}}\n",
        "  sae: {width: {int: [8, 16], log_int: [8, 16]}}\n",
        "  sae: {kind: {choice: [relu, topkk]}}\n",
        "  sae: {width: {choice: [8, 16], when: {kind: topk}}}\n",
    ],
)
def test_schema_refuses(body: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate(with_trial(body))
