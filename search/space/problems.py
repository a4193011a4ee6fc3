"""What is wrong with a space file: collected, then told all at once, each at its place in the text."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from search.errors import SpaceError

MAX_SHOWN = 50
MAX_LINE = 120
# Of a longer list of known names the nearest few are told, never all.
MANY = 20


@dataclass(frozen=True)
class Source:
    """One text that settings come from: the file (`order` 0) or the n-th `--set` (`order` n)."""

    label: str
    text: str
    order: int = 0
    folder: Path | None = None
    """From where relative paths in it are meant."""

    def absolute(self, place: str) -> str:
        """A path in it as it stands wherever one works; as it is where `folder` is not known."""
        return place if self.folder is None else os.path.normpath(self.folder / Path(place).expanduser())

    @property
    def is_resolved(self) -> bool:
        """Whether a driver wrote it, perhaps of an older version: see `writer.resolved_text`."""
        return self.text.startswith("# Resolved: ")

    @cached_property
    def lines(self) -> list[str]:
        """Split where YAML splits, so that the parser's line numbers fit."""
        return re.split("\r\n|[\r\n\x85\u2028\u2029]", self.text)


@dataclass(frozen=True)
class Where:
    """A place in a source; line and column count from 1."""

    source: Source
    line: int
    column: int


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, in which key, and what is wrong."""

    where: Where
    path: str
    text: str

    def __str__(self) -> str:
        source = self.where.source
        key = f"{self.path}: " if self.path else ""
        if source.order:
            return f"{source.label}: {key}{self.text}"
        head = f"{source.label}:{self.where.line}:{self.where.column}: {key}{self.text}"
        return head + self._excerpt()

    def _excerpt(self) -> str:
        """The offending line with a caret below, unless the line is blank, too long or not printable."""
        lines, number = self.where.source.lines, self.where.line
        line = lines[number - 1] if number <= len(lines) else ""
        if (
            not line.strip()
            or len(line) > MAX_LINE
            or not line.isprintable()
            or self.where.column > len(line) + 1
        ):
            return ""
        margin = f"{number:5d} | "
        return f"\n{margin}{line}\n{'|':>{len(margin) - 1}} {' ' * (self.where.column - 1)}^"


@dataclass
class Problems:
    """The mistakes found so far."""

    found: list[Problem] = field(default_factory=list)

    def add(self, where: Where, path: str, text: str) -> None:
        """Note one mistake; the check goes on."""
        self.found.append(Problem(where, path, text))

    def raise_any(self) -> None:
        """SpaceError with every mistake, in the order of the text; silent if there is none."""
        if not self.found:
            return
        ordered = sorted(self.found, key=lambda p: (p.where.source.order, p.where.line, p.where.column))
        shown = [str(problem) for problem in ordered[:MAX_SHOWN]]
        if len(ordered) > MAX_SHOWN:
            shown.append(f"... and {len(ordered) - MAX_SHOWN} more")
        raise SpaceError("\n".join(shown))


def nearest_hint(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the closest known name, or nothing."""
    close = difflib.get_close_matches(name[:100], list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def choices_hint(name: object, known: Collection[str]) -> str:
    """What would be right in place of `name`: the nearest, and all of them unless they are many."""
    if len(known) > MANY:
        close = _nearest_few(name, known) if isinstance(name, str) else []
        if close:
            return f"; did you mean {' or '.join(map(repr, close))}?"
        return f"; one of {', '.join(list(known)[:6])}, ... ({len(known)} in all)"
    hint = nearest_hint(name, known) if isinstance(name, str) else ""
    if hint and len(known) > 8:
        return hint
    return f"{hint or ';'} {'it is one' if hint else 'one'} of {', '.join(known)}"


def _nearest_few(name: str, known: Collection[str]) -> list[str]:
    """At most three names that are alike, as a whole or in what follows their last slash."""
    wanted = name[:100]

    def likeness(other: str) -> float:
        parts = (other, other.rpartition("/")[2])
        return max(difflib.SequenceMatcher(None, wanted, part).ratio() for part in parts)

    nearest = max(map(likeness, known))
    # Those nearly as near as the nearest: one for a slip of the pen, several for half a name.
    close = [other for other in known if likeness(other) >= max(0.6, nearest - 0.1)]
    return sorted(close, key=likeness, reverse=True)[:3]
