"""Where torchvision's folders lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT_VARIABLE = "SAE_SEARCH_DATA"


@dataclass(frozen=True)
class Location:
    """A folder that holds `MNIST/raw` and the like; `is_cache`: ours, so that missing data is fetched."""

    root: Path
    is_cache: bool


def find_root(root: Path | None = None) -> Location:
    """`root`, else the folder named by SAE_SEARCH_DATA, else sae-search/data in the user's cache folder.

    Only the last is downloaded into: a folder that a person named is read, never written.
    """
    if root is not None:
        return Location(root.expanduser().absolute(), is_cache=False)
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Location(Path(named).expanduser().absolute(), is_cache=False)
    cache = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification has relative values ignored.
    base = Path(cache) if os.path.isabs(cache) else Path.home() / ".cache"
    return Location(base / "sae-search" / "data", is_cache=True)
