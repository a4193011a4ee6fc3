"""Trials that are listed beforehand, in place of a sampler.

Another way of listing them is another class that derives from `Listed`, and a reader of its section of the
space file that `search.space.loader` asks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from search.study.domains import Scalar


class Listed(ABC):
    """All trials are known and are handed out in their order; nothing is learned from them."""

    section: ClassVar[str]
    """The section of a space file that describes it."""
    enlarging: ClassVar[str]
    """A sentence for whoever wants more trials than there are."""

    @property
    @abstractmethod
    def trials(self) -> int:
        """How many there are."""

    @property
    @abstractmethod
    def rows(self) -> Mapping[str, Mapping[str, Scalar]]:
        """Name of every kind of trial -> the settings in which it differs from the study's constants."""

    @abstractmethod
    def draw(self, number: int) -> tuple[dict[str, Scalar], str]:
        """Params of the trial of this number, and the origin that the ledger notes."""

    @abstractmethod
    def values(self, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
        """Dotted path -> value of the trial with these params. KeyError if it is none of the list."""

    @abstractmethod
    def written(self) -> dict[str, object]:
        """What its section of a space file holds."""

    @abstractmethod
    def said(self) -> str:
        """The same in words."""
