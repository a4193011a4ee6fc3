"""YAML text -> a tree that knows where every key and value stands in the text.

Scalars follow the YAML 1.2 core schema, not PyYAML's 1.1: `1e-3` is a number, `yes` and `12:30` are
strings, `0o17` is 15. Refused: tags, merge keys, duplicate or non-string keys, several documents, tabs,
deep nesting, and aliases that expand to more than `MAX_NODES` nodes. Nothing in a file can name a
Python object: the tree is built from parser events, so no constructor ever runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from search.errors import SpaceError
from search.space.hidden_characters import note_in_text, note_in_tree
from search.space.nodes import Atom, Items, Leaf, Node, Table, show
from search.space.problems import Problems, Source, Where, nearest_hint

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 20_000
# Longer digit strings are no setting of anything, and converting them costs quadratic time.
MAX_NUMBER_LENGTH = 100

_CORE = (
    (re.compile(r"(?:~|null|Null|NULL|)\Z"), lambda _: None),
    (re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]+\Z", re.ASCII), int),
    (re.compile(r"0o[0-7]+\Z"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+\Z"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z", re.ASCII), float),
    (re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(?:nan|NaN|NAN)\Z"), lambda _: float("nan")),
)

# libyaml's parser where PyYAML was built with it, ten times the speed of the one in Python.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def core_scalar(text: str) -> Atom:
    """Value of an unquoted scalar under the YAML 1.2 core schema (YAML 1.2.2, section 10.3.2).

    >>> [core_scalar(text) for text in ("1e-3", "yes", "0o17", "~")]
    [0.001, 'yes', 15, None]
    """
    if len(text) > MAX_NUMBER_LENGTH:
        return text
    for pattern, convert in _CORE:
        if pattern.match(text):
            return convert(text)
    return text


def read_text(path: Path) -> str:
    """The file's text; SpaceError if it is missing, no file, too large or not UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SpaceError(f"{path}: no such file{_neighbour(path)}") from None
    except IsADirectoryError:
        raise SpaceError(f"{path}: is a directory; give one of the .yaml files in it") from None
    except (OSError, ValueError) as error:
        raise SpaceError(f"{path}: cannot be read: {error}") from None
    if len(data) > MAX_BYTES:
        raise SpaceError(f"{path}: larger than {MAX_BYTES:,} bytes; a space file has a few kilobytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        byte = data[error.start]
        raise SpaceError(
            f"{path}:{line}:{column}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"
        ) from None


def _neighbour(path: Path) -> str:
    try:
        return nearest_hint(path.name, [other.name for other in path.parent.glob("*.yaml")])
    except OSError:
        return ""


def parse(source: Source, problems: Problems) -> Node | None:
    """The tree of one document, or None where the text is no YAML (then `problems` says why).

    Faults that leave a readable tree (duplicate keys, tags) are noted and the tree is returned.
    """
    tab = _first_tab(source)
    if tab is not None:
        problems.add(tab, "", "a tab; YAML is indented and spaced with blanks")
        return None
    try:
        root = _Composer(source, problems).document()
    except _Unreadable:
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(source, mark.line + 1, mark.column + 1) if mark else Where(source, 1, 1)
        context = f" {error.context}" if error.context else ""
        if not note_in_text(source, problems):
            problems.add(
                where, "", f"not valid YAML{context}: {error.problem or 'the parser gave no reason'}"
            )
        return None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        position = getattr(error, "position", getattr(error, "start", 0))
        before = source.text[:position]
        where = Where(source, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
        if not note_in_text(source, problems):
            problems.add(where, "", f"not valid YAML: {getattr(error, 'reason', error)}")
        return None
    found = len(problems.found)
    note_in_tree(root, problems)
    return root if len(problems.found) == found else None


def _first_tab(source: Source) -> Where | None:
    if "\t" not in source.text:
        return None
    for number, line in enumerate(source.lines, start=1):
        code = re.split(r"(?:^|\s)#", line, maxsplit=1)[0]
        if "\t" in code:
            return Where(source, number, code.index("\t") + 1)
    return None


class _Unreadable(Exception):
    """The tree cannot be completed; the reason is among the problems already."""


class _Composer:
    """Builds the tree from parser events; recursion is bounded by MAX_DEPTH."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self.source = source
        self.problems = problems
        self.events: Iterator[Any] = yaml.parse(source.text, Loader=_LOADER)
        self.anchors: dict[str, Node] = {}
        self.nodes = 0

    def document(self) -> Node:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Leaf(Where(self.source, 1, 1), None)
        root = self.node(next(self.events), 1)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.stop(self.where(after), "a second document begins; a space is one document without `---`")
        return root

    def where(self, event: Any) -> Where:
        return Where(self.source, event.start_mark.line + 1, event.start_mark.column + 1)

    def stop(self, where: Where, text: str) -> None:
        self.problems.add(where, "", text)
        raise _Unreadable

    def node(self, event: Any, depth: int) -> Node:
        where = self.where(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, where, depth)
        self.count(1, where)
        if event.tag is not None:
            self.stop(where, f"the tag {_short_tag(event.tag)}; plain values only, remove it")
        if isinstance(event, yaml.ScalarEvent):
            node: Node = Leaf(where, event.value if event.style else core_scalar(event.value))
        else:
            if depth > MAX_DEPTH:
                self.stop(where, f"nested deeper than {MAX_DEPTH} levels")
            is_list = isinstance(event, yaml.SequenceStartEvent)
            node = self.items(where, depth) if is_list else self.table(where, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, where: Where, depth: int) -> Node:
        if event.anchor not in self.anchors:
            self.stop(where, f"the alias *{event.anchor} has no complete anchor &{event.anchor} before it")
        node = self.anchors[event.anchor]
        self.count(node.size, where)
        if depth + node.height - 1 > MAX_DEPTH:
            self.stop(where, f"nested deeper than {MAX_DEPTH} levels")
        return replace(node, where=where)

    def count(self, nodes: int, where: Where) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self.stop(where, f"more than {MAX_NODES:,} values once aliases are expanded")

    def items(self, where: Where, depth: int) -> Items:
        items: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        size, height = _extent(items)
        return Items(where, tuple(items), size, height)

    def table(self, where: Where, depth: int) -> Table:
        entries: dict[str, Node] = {}
        keys: dict[str, Where] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            name = self.key_name(key, plain=not getattr(event, "style", "*"))
            if name is None:
                continue
            if name in entries:
                first = keys[name].line
                at = f" (line {first})" if first != key.where.line else ""
                self.problems.add(key.where, "", f"the key {name!r} stands here a second time{at}; keep one")
                continue
            entries[name], keys[name] = value, key.where
        size, height = _extent(list(entries.values()))
        return Table(where, entries, keys, size, height)

    def key_name(self, key: Node, plain: bool) -> str | None:
        if not isinstance(key, Leaf) or not isinstance(key.value, str):
            shown = show(key)
            self.problems.add(key.where, "", f"the key {shown} is not a string; every key is a name")
            return None
        if key.value == "<<" and plain:
            self.problems.add(
                key.where, "", "the merge key <<; it left YAML with version 1.2, repeat the keys"
            )
            return None
        return key.value


def _extent(nodes: list[Node]) -> tuple[int, int]:
    return 1 + sum(node.size for node in nodes), 1 + max((node.height for node in nodes), default=0)


def _short_tag(tag: str) -> str:
    return tag.replace("tag:yaml.org,2002:", "!!")
