"""How often a trial's stages came from the cache, kept as a file in its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from trainables.storage.atomic_file import write_whole

FILE = "cache.json"

Use = dict[str, dict[str, int]]
"""Stage -> {"hits": n, "misses": n}."""


def read(folder: Path) -> Use:
    """What the trial's file says; nothing if it is not there or not whole, for it only informs."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {
            str(stage): {"hits": int(counts["hits"]), "misses": int(counts["misses"])}
            for stage, counts in found.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def add(folder: Path, hits: Mapping[str, int], misses: Mapping[str, int]) -> None:
    """Add to the trial's file; a trial that is resumed, or tried again, goes on counting."""
    use = read(folder)
    for stage in sorted({*hits, *misses}):
        before = use.get(stage, {"hits": 0, "misses": 0})
        use[stage] = {
            "hits": before["hits"] + hits.get(stage, 0),
            "misses": before["misses"] + misses.get(stage, 0),
        }
    write_whole(folder / FILE, f"{json.dumps(use, sort_keys=True)}\n".encode())
