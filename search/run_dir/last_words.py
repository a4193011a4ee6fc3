"""What is to be written down when the process must end from a thread, past every `finally`.

A call into a Ray that is gone cannot be interrupted; a thread that notices ends the process (see
`search.execution.ray_session`). Whoever keeps a record that must not say "running" for ever registers here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from search.errors import SearchError

_registered: list[tuple[Callable[[SearchError], None], str]] = []


@contextmanager
def last_words(say: Callable[[SearchError], None], go_on: str) -> Iterator[None]:
    """For the length of the block `say` is called if the process ends past it.

    go_on: what to tell the user where not even that can be done.
    """
    entry = (say, go_on)
    _registered.append(entry)
    try:
        yield
    finally:
        _registered.remove(entry)


def say_last_words(error: SearchError) -> None:
    """Have the end written down, by those who registered last first."""
    for say, _ in reversed(_registered):
        say(error)


def epitaph() -> str:
    """What somebody else says for a process that was killed; empty where it owes nobody a word."""
    if not _registered:
        return ""
    return (
        "error: the search ended without a word: it was killed, or Ray was lost and ended it. Everything "
        f"acknowledged is safe; {_registered[-1][1]}"
    )
