"""Results of training stages, shared by the trials and processes of one machine.

An entry is a sealed folder (`trainables.storage.tensor_folder`) under the sha256 of everything its
content depends on. Two processes that want one entry compute it once: the second waits on a file lock, then
reads. A cache can only save time: if its folder is read-only, full or damaged, stages are computed as if
there were none. The folder must be on a local disk, as flock is not safe on network file systems.
"""

from __future__ import annotations

import fcntl
import logging
import math
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from trainables.storage import tensor_folder

logger = logging.getLogger(__name__)

LOCK_SUFFIX = ".lock"
# After this long a half-written entry is taken for one whose writer was killed.
ABANDONED_AFTER_S = 3600.0
# A process writes at most so large a part of the cache's bound before it looks at the whole again.
SCANS_PER_FILL = 64


@dataclass(frozen=True)
class Entry:
    """What a stage made: tensors, and anything JSON can hold."""

    tensors: dict[str, Tensor]
    meta: dict[str, Any] = field(default_factory=dict)


def stage_key(
    stage: str, version: int, *, settings: Mapping[str, Any], inputs: tuple[str, ...], seed: int, device: str
) -> str:
    """sha256 over all that decides a stage's result; `inputs` are the keys of the stages it reads."""
    parts = {
        "stage": stage,
        "version": version,
        "settings": dict(settings),
        "inputs": list(inputs),
        "seed": seed,
        "device": device,
    }
    return tensor_folder.digest(tensor_folder.canonical_json(parts))


class StageCache:
    """Entries under `root`, the least recently used dropped when they exceed `max_bytes`.

    `hits` and `misses` count this object's own calls, by the name of the stage.
    """

    def __init__(self, root: Path, max_bytes: int = 4 * 2**30) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self.hits: Counter[str] = Counter()
        self.misses: Counter[str] = Counter()
        self._unscanned = math.inf

    def get_or_compute(self, key: str, compute: Callable[[], Entry], stage: str = "") -> Entry:
        """The entry of `key`, from the cache or from `compute`, which at most one process runs at a time."""
        entry = self._read(key)
        if entry is None:
            with self._lock(key) as locked:
                entry = self._read(key) if locked else None
                if entry is None:
                    self.misses[stage] += 1
                    entry = compute()
                    if locked:
                        self._store(key, entry)
                    return entry
        self.hits[stage] += 1
        return entry

    def holds(self, key: str) -> bool:
        """Whether there is an entry, sound or not; no hit and no miss."""
        return (self.root / key).is_dir()

    def _read(self, key: str) -> Entry | None:
        folder = self.root / key
        try:
            tensors, meta = tensor_folder.read(folder)
        except FileNotFoundError:
            return None
        except tensor_folder.DamagedError as error:
            if folder.exists():  # else another process has just evicted it
                logger.warning("computing a damaged cache entry again: %s", error)
                shutil.rmtree(folder, ignore_errors=True)
            return None
        try:
            os.utime(folder)
        except OSError:
            logger.debug("cannot mark %s as used", folder)
        return Entry(tensors, meta)

    @contextmanager
    def _lock(self, key: str) -> Iterator[bool]:
        """Hold the key's lock file; False where it cannot be made, so that nothing can be stored either."""
        descriptor = self._acquire(key)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _acquire(self, key: str) -> int | None:
        path = self.root / f"{key}{LOCK_SUFFIX}"
        while True:
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                logger.debug("no stage cache at %s: %s", self.root, error)
                return None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                # While we waited, an eviction may have removed the name: then this lock guards nothing.
                if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                    return descriptor
            except FileNotFoundError:
                pass
            except OSError as error:
                os.close(descriptor)
                logger.debug("no locks at %s: %s", self.root, error)
                return None
            os.close(descriptor)

    def _store(self, key: str, entry: Entry) -> None:
        try:
            tensor_folder.write(self.root / key, entry.tensors, entry.meta)
            self._unscanned += sum(tensor.nbytes for tensor in entry.tensors.values())
            # A scan looks at every entry, of which there may be tens of thousands.
            if self._unscanned >= self.max_bytes / SCANS_PER_FILL:
                self._evict(keep=key)
                self._unscanned = 0
        except OSError as error:
            logger.warning("a stage result is not cached: %s", error)

    def _evict(self, keep: str) -> None:
        """Drop the least recently used entries until all fit into `max_bytes`; never the one just written."""
        entries = []
        for folder in self._folders():
            try:
                size = sum(file.stat().st_size for file in folder.iterdir())
                entries.append((folder.stat().st_mtime_ns, folder, size))
            except FileNotFoundError:
                continue  # another process evicts as well
        total = sum(size for _, _, size in entries)
        for _, folder, size in sorted(entries):
            if total <= self.max_bytes:
                return
            if folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)
                (self.root / f"{folder.name}{LOCK_SUFFIX}").unlink(missing_ok=True)
                total -= size

    def _folders(self) -> Iterator[Path]:
        """All finished entries; removes what killed writers left."""
        for folder in self.root.iterdir():
            if not folder.is_dir():
                continue
            if not folder.name.startswith(tensor_folder.UNFINISHED):
                yield folder
            elif folder.stat().st_mtime < time.time() - ABANDONED_AFTER_S:
                shutil.rmtree(folder, ignore_errors=True)
