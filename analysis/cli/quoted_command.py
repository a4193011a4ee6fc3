"""A command as a page quotes it: what was done, not where on somebody's machine it was put."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

PLACES = {"--out", "--name", "--address", "--cache"}


def without_places(words: Sequence[str]) -> str:
    """The words, quoted for a shell, less the options of `PLACES` and their values.

    >>> without_places(["run.py", "my space.yaml", "--out", "/home/me"])
    "run.py 'my space.yaml'"
    """
    rest, kept = iter(words), []
    for word in rest:
        if word in PLACES:
            next(rest, None)
        else:
            kept.append(shlex.quote(word))
    return " ".join(kept)
