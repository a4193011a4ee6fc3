"""What is to be written down when the process must end from a thread, past every `finally`.

A call into a Ray that is gone cannot be interrupted; a thread that notices ends the process (see
`search.execution.ray_session`). Whoever keeps a record that must not say "running" for ever registers here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from search.errors import SearchError

_registered: list[Callable[[SearchError], None]] = []


@contextmanager
def last_words(say: Callable[[SearchError], None]) -> Iterator[None]:
    """For the length of the block `say` is called if the process ends past it."""
    _registered.append(say)
    try:
        yield
    finally:
        _registered.remove(say)


def say_last_words(error: SearchError) -> None:
    """Have the end written down, by those who registered last first."""
    for say in reversed(_registered):
        say(error)
