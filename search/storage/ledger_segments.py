"""The ledger on shared storage: `ledger/<driver>/<first byte>.jsonl`, lines as they are, in pieces.

A driver begins with all that it knows and goes on with what was acknowledged since, so the pieces of one
driver laid end to end are its ledger. Object stores cannot append, hence pieces.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trainables.storage.object_store import Store

_FOLDER = "ledger"
_NAME = re.compile(r".*/(\d{12})\.jsonl")
_AT_ONCE = 16


class Segments:
    """Uploads the ledger file at `path` for the driver named `driver`."""

    def __init__(self, store: Store, driver: str, path: Path) -> None:
        self._store = store
        self._driver = driver
        self._path = path
        self.sent = 0
        """Bytes of the ledger that are on the storage."""

    def flush(self, acknowledged: int) -> None:
        """Upload what lies between the bytes sent and the bytes acknowledged. Raises OSError."""
        if acknowledged <= self.sent:
            return
        with self._path.open("rb") as file:
            file.seek(self.sent)
            lines = file.read(acknowledged - self.sent)
        self._store.put(f"{_FOLDER}/{self._driver}/{self.sent:012d}.jsonl", lines)
        self.sent += len(lines)


def collect(store: Store, driver: str) -> bytes:
    """A driver's ledger, up to the first gap. Raises OSError."""
    sizes = {
        int(match[1]): name
        for name in store.sizes(f"{_FOLDER}/{driver}")
        if (match := _NAME.fullmatch(name)) is not None
    }
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pieces = dict(zip(sizes, pool.map(store.get, sizes.values()), strict=True))
    whole = b""
    for start, piece in sorted(pieces.items()):
        if start != len(whole):
            break
        whole += piece
    return whole
