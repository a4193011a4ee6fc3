"""A relation between settings that every reachable trial must satisfy.

It is data, because the space check must hold it against what a domain can yield and name the settings it
concerns. The classes of settings declare their own, under `rules`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`holds` of the values at `fields`, dotted paths of the trial such as `sae.width`.

    monotone: a rule that holds at two values of a number, the others fixed, holds between them as well
    (k < width), so that the ends of domains decide. Whatever is not declared so (width % groups == 0) is held
    against every value, or against a sample where they are too many.
    """

    fields: tuple[str, ...]
    holds: Callable[..., bool]
    sentence: str
    monotone: bool = False
