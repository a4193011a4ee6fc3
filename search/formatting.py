"""Numbers, counts and lines as a person reads them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search.study.domains import Scalar
    from search.study.sections import Constraint


def typed(path: Path) -> str:
    """A path as a person would type it here: relative below the working folder."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def shown(path: Path) -> str:
    """`typed`, quoted for a shell."""
    return shlex.quote(typed(path))


def limits(constraint: Constraint) -> str:
    """`<= 0.1`, as a heading says it."""
    ends = ((">=", constraint.min), ("<=", constraint.max))
    return " and ".join(f"{sign} {number(end)}" for sign, end in ends if end is not None)


def number(value: Scalar | None) -> str:
    """A value in a table: four significant digits, no exponent where it can be helped, `-` for none.

    >>> [number(value) for value in (0.0123456, 123456.0, True, None)]
    ['0.01235', '123456', 'true', '-']
    """
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value).lower() if isinstance(value, bool) else one_line(str(value), 40)


def score(value: float | None) -> str:
    """A metric in a column: three decimals where that says enough, so that figures stand in line.

    >>> [score(value) for value in (0.98123, 0.0001234, 250.0)]
    ['0.981', '0.0001234', '250']
    """
    if value is None or not (value == 0 or 0.001 <= abs(value) < 100):
        return number(value)
    return f"{value:.3f}"


def one_line(text: str, width: int = 200) -> str:
    """The first line of `text` without control characters: reasons and names may carry escape codes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    shown = "".join(character for character in first.strip() if character.isprintable())
    return shown if len(shown) <= width else f"{shown[: width - 3]}..."


def trial_list(numbers: Iterable[int], limit: int = 8) -> str:
    """Trials by number, the first `limit` of them: `0003, 0017 and 4 more`.

    >>> trial_list([3, 17, 21], limit=2)
    '0003, 0017 and 1 more'
    """
    ids = [f"{n:04d}" for n in numbers]
    more = len(ids) - limit
    return ", ".join(ids) if more <= 0 else f"{', '.join(ids[:limit])} and {more} more"


def count(amount: int, noun: str) -> str:
    """An amount with its noun in the right number.

    >>> count(1, "trial"), count(2, "trial")
    ('1 trial', '2 trials')
    """
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"


def duration(seconds: float) -> str:
    """`42 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
