"""The tree of a space file: scalars, sequences and mappings, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from search.errors import SpaceError
from search.space.problems import Where

Atom = None | bool | int | float | str


@dataclass(frozen=True)
class Leaf:
    """A scalar of the file, with its place."""

    where: Where
    value: Atom
    size: int = 1
    height: int = 1


@dataclass(frozen=True)
class Items:
    """A sequence. `size` and `height` count what stands below after aliases are expanded."""

    where: Where
    items: tuple[Node, ...]
    size: int
    height: int


@dataclass(frozen=True)
class Table:
    """A mapping with string keys; `keys` says where each key stands."""

    where: Where
    entries: dict[str, Node]
    keys: dict[str, Where]
    size: int
    height: int


Node = Leaf | Items | Table


def placed(table: Table, keys: list[str], value: Node) -> Table:
    """The tree with `value` under a path of keys; the tree itself stays as it was.

    SpaceError if the path leads through something that is no mapping.
    """
    head, rest = keys[0], keys[1:]
    inner = value
    if rest:
        below = table.entries.get(head, Table(value.where, {}, {}, 1, 1))
        if not isinstance(below, Table):
            raise SpaceError(
                f"{head} is {show(below)} in the file, which has no key {rest[0]}; set {head} whole"
            )
        inner = placed(below, rest, value)
    return replace(table, entries={**table.entries, head: inner}, keys={**table.keys, head: value.where})


def show(node: Node, limit: int = 60) -> str:
    """The node as flow-style text for a message, cut to `limit` characters."""
    text = _flow(node, limit)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _flow(node: Node, limit: int) -> str:
    if isinstance(node, Items):
        return "[" + ", ".join(_flow(item, limit) for item in node.items[:limit]) + "]"
    if isinstance(node, Table):
        pairs = list(node.entries.items())[:limit]
        return "{" + ", ".join(f"{key}: {_flow(value, limit)}" for key, value in pairs) + "}"
    return show_atom(node.value)


def show_atom(value: Atom) -> str:
    """A scalar as a message shows it; strings in quotes, so that '8' is not taken for 8."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value[:200])
    return repr(value)
