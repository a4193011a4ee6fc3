"""Scalars follow YAML 1.2, and nothing in a text can do more than be text."""

from __future__ import annotations

import math
from typing import Any

import pytest

from search.space.nodes import Items, Leaf, Node, Table
from search.space.problems import Problems, Source
from search.space.yaml_tree import core_scalar, parse


def plain(node: Node | None) -> Any:
    if isinstance(node, Table):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    assert node is not None
    return node.value


def read(text: str) -> Any:
    problems = Problems()
    node = parse(Source("x.yaml", text), problems)
    problems.raise_any()
    return plain(node)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E5", 1e5), ("-.5", -0.5), ("5.", 5.0),
        ("+1.5e+2", 150.0), ("0o17", 15), ("0x1F", 31), ("017", 17), ("-0", 0),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("True", True), ("FALSE", False), ("tRUE", "tRUE"), ("~", None), ("null", None), ("", None),
        ("12:30:45", "12:30:45"), ("1_000", "1_000"), ("2024-01-01", "2024-01-01"), ("0b11", "0b11"),
        (".inf", math.inf), ("-.INF", -math.inf), ("e3", "e3"), (".", "."), ("1e", "1e"), ("=", "="),
        ("١٢", "١٢"), ("9" * 101, "9" * 101),
    ],
)  # fmt: skip
def test_core_schema(text: str, value: object) -> None:
    read_value = core_scalar(text)
    assert read_value == value
    assert type(read_value) is type(value)


def test_not_a_number() -> None:
    value = core_scalar(".nan")
    assert isinstance(value, float)
    assert math.isnan(value)


def test_quoted_and_block_scalars_are_strings() -> None:
    assert read("a: '1'\nb: \"true\"\nc: |\n  5\nd: 5") == {"a": "1", "b": "true", "c": "5\n", "d": 5}


def test_aliases_stand_for_what_their_anchor_holds() -> None:
    assert read("a: &x {k: [1, 2]}\nb: *x\n") == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}}


def test_places_are_those_of_the_text() -> None:
    node = parse(Source("x", "a: 1\nb:\n  - {long: [x,\n      y]}\n"), Problems())
    assert isinstance(node, Table)
    items = node.entries["b"]
    assert isinstance(items, Items)
    inner = items.items[0]
    assert isinstance(inner, Table)
    assert (inner.keys["long"].line, inner.keys["long"].column) == (3, 6)
    long = inner.entries["long"]
    assert isinstance(long, Items)
    assert [(item.where.line, item.where.column) for item in long.items] == [(3, 13), (4, 7)]


def test_a_hash_hides_a_tab() -> None:
    assert read("a: 1 #\tcomment\n") == {"a": 1}


@pytest.mark.parametrize("depth", [33, 5_000, 200_000])
def test_deep_nesting_is_refused_not_run_into(depth: int) -> None:
    problems = Problems()
    assert parse(Source("x", "[" * depth), problems) is None
    assert "deeper than 32" in problems.found[0].text


def test_deep_nesting_through_aliases_is_refused() -> None:
    nested = "[" * 20 + "]" * 20
    problems = Problems()
    assert parse(Source("x", f"a: &x {nested}\nb: {'[' * 15}*x{']' * 15}\n"), problems) is None
    assert "deeper than 32" in problems.found[0].text


def test_a_document_of_nothing_is_null() -> None:
    node = parse(Source("x", ""), Problems())
    assert isinstance(node, Leaf)
    assert node.value is None
