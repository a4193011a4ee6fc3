"""Characters that look like a blank, like nothing, or like a colon, and are none: pasted from web pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.space.nodes import Items, Leaf, Node, Table
from search.space.problems import Problems, Source, Where

NAMES = {
    "\u00a0": "a no-break space",
    "\u00ad": "a soft hyphen",
    "\u2007": "a figure space",
    "\u200b": "a zero-width space",
    "\u200c": "a zero-width non-joiner",
    "\u200d": "a zero-width joiner",
    "\u200e": "a left-to-right mark",
    "\u200f": "a right-to-left mark",
    "\u202f": "a narrow no-break space",
    "\u2060": "a word joiner",
    "\u3000": "an ideographic space",
    "\ufeff": "a byte order mark",
    "\uff0c": "a full-width comma",
    "\uff1a": "a full-width colon",
}
_MEANT = {"\uff0c": "a comma", "\uff1a": "a colon followed by a blank"}
_HIDDEN = re.compile(f"[{''.join(NAMES)}]")
PROSE = {"question"}


def note_in_tree(node: Node, problems: Problems) -> None:
    """Note every key, and every value that is no prose, with such a character in it."""
    for where, text in _texts(node):
        found = _HIDDEN.search(text)
        if found is not None:
            problems.add(_place(where, found.group()), "", _sentence(found.group()))


def note_in_text(source: Source, problems: Problems) -> bool:
    """Note the first one of every line outside comments; whether there was one. For what is no YAML."""
    noted = False
    for number, line in enumerate(source.lines, start=1):
        found = _HIDDEN.search(re.split(r"(?:^|\s)#", line, maxsplit=1)[0])
        if found is not None:
            problems.add(Where(source, number, found.start() + 1), "", _sentence(found.group()))
            noted = True
    return noted


def _texts(node: Node, key: str = "") -> Iterator[tuple[Where, str]]:
    if isinstance(node, Leaf):
        if isinstance(node.value, str) and key not in PROSE:
            yield node.where, node.value
    elif isinstance(node, Items):
        for item in node.items:
            yield from _texts(item, key)
    elif isinstance(node, Table):
        for name, value in node.entries.items():
            yield node.keys[name], name
            yield from _texts(value, name)


def _place(where: Where, character: str) -> Where:
    """Where the character stands: at or after the beginning of its key or value."""
    line = where.source.lines[where.line - 1] if where.line <= len(where.source.lines) else ""
    column = line.find(character, where.column - 1)
    return where if column < 0 else Where(where.source, where.line, column + 1)


def _sentence(character: str) -> str:
    meant = _MEANT.get(character, "a plain blank, or nothing")
    return f"{NAMES[character]} (U+{ord(character):04X}), which only looks right; write {meant} instead"
