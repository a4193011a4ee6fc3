"""A folder on a disk that loses what was not synced: a real one, of which every change is recorded.

The product writes through `os` and `open`; inside `Disk.watching` these note each change before it is
made. Every noted change is a place where the process may be killed, the power be cut, or the disk refuse.
What a cut leaves is drawn: of each file what was synced, and of what was written since any part, torn or out
of order; of the names what was synced, and of the changes since a beginning, as a journal keeps them.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SECTOR = 512


class Killed(BaseException):
    """The process ends here; no `except` and no `finally` of the product may undo it."""


@dataclass
class File:
    """One file's content: on the platters, and what was written since (offset and bytes, or a new length)."""

    synced: bytes = b""
    since: list[tuple[int, bytes] | int] = field(default_factory=list)

    def sync(self) -> None:
        """All of it is safe."""
        self.synced, self.since = self.after(self.since), []

    def after(self, changes: list[tuple[int, bytes] | int]) -> bytes:
        """The content if just these changes had got to the disk."""
        content = bytearray(self.synced)
        for change in changes:
            if isinstance(change, int):
                content = content[:change].ljust(change, b"\0")
            else:
                offset, written = change
                content = content.ljust(offset, b"\0")
                content[offset : offset + len(written)] = written
        return bytes(content)

    def left_by_a_cut(self, chance: random.Random) -> bytes:
        """What may be there afterwards."""
        how = chance.randrange(4)
        if how == 0:
            return self.after(self.since[: chance.randint(0, len(self.since))])
        sectors = [part for change in self.since for part in _sectors(change)]
        if how == 1:  # in order, the last one torn
            kept = sectors[: chance.randint(0, len(sectors))]
            if kept and not isinstance(kept[-1], int):
                offset, written = kept[-1]
                kept[-1] = (offset, written[: chance.randint(0, len(written))])
            return self.after(kept)
        if how == 2:  # some sectors never came, others did
            return self.after([part for part in sectors if chance.random() < 0.5])
        return self.after(self.since)


def _sectors(change: tuple[int, bytes] | int) -> Iterator[tuple[int, bytes] | int]:
    if isinstance(change, int):
        yield change
        return
    offset, written = change
    while written:
        first = SECTOR - offset % SECTOR
        yield offset, written[:first]
        offset, written = offset + first, written[first:]


Names = dict[str, File | None]
"""Path -> file; None for a folder."""


class Disk:
    """What is known of the folder `root`. `before_change` is called ahead of each change with its kind."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.before_change: Callable[[str], None] = lambda kind: None  # noqa: ARG005
        self._names: Names = {}
        self._synced_names: Names = {}
        self._since: list[tuple[set[str], Callable[[Names], None]]] = []
        self._open: dict[int, str] = {}
        self._held: set[int] = set()
        self.is_dead = False
        """Whether the process was killed: what it still does reaches nothing."""

    def holds(self, path: Any) -> bool:
        """Whether the path is in the folder."""
        return isinstance(path, str | Path) and str(path).startswith(f"{self.root}/")

    def cut_power(self, chance: random.Random) -> None:
        """Leave on the real folder what a cut may leave."""
        names = dict(self._synced_names)
        for _, change in self._since[: chance.randint(0, len(self._since))]:
            change(names)
        content = {path: None if file is None else file.left_by_a_cut(chance) for path, file in names.items()}
        self.wipe()
        for path, left in sorted(content.items()):
            if left is None:
                os.makedirs(path, exist_ok=True)
            else:
                Path(path).write_bytes(left)
        self._names = {path: None if left is None else File(left) for path, left in content.items()}
        self._synced_names = dict(self._names)

    def let_go(self) -> None:
        """Close what a killed process had open by descriptor, as the kernel does."""
        for descriptor in [fd for fd in self._held if fd in self._open]:
            self.closed(descriptor)
            os.close(descriptor)
        self._held.clear()

    def wipe(self) -> None:
        """Nothing is left."""
        shutil.rmtree(self.root, ignore_errors=True)
        os.mkdir(self.root)
        self._names, self._synced_names, self._since = {}, {}, []

    def alter(self, path: Path, content: bytes) -> None:
        """Somebody else writes a file, and it gets to the disk."""
        path.write_bytes(content)
        self._names[str(path)] = self._synced_names[str(path)] = File(content)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note every change, until a `Killed` that `before_change` raised has left the block."""
        self.is_dead = False
        with _patched(self):
            yield

    # What the patched functions tell, each before or after the real one.

    def change(self, kind: str) -> None:
        """Something is about to change."""
        if self.is_dead:  # a dying process cleans nothing up
            raise Killed
        try:
            self.before_change(kind)
        except Killed:
            self.is_dead = True
            raise

    def file(self, path: str) -> File:
        """The file at a path; one that nobody wrote so far is made."""
        found = self._names.get(path)
        if found is None:
            found = self._names[path] = File()
            made = found
            self._note({os.path.dirname(path)}, lambda names: names.__setitem__(path, made))
        return found

    def opened(self, descriptor: int, path: str) -> None:
        """A descriptor means a path now."""
        self._open[descriptor] = path

    def closed(self, descriptor: int) -> None:
        """A descriptor means nothing."""
        self._open.pop(descriptor, None)

    def path_of(self, descriptor: int) -> str | None:
        """What a descriptor means, if it is in the folder."""
        return self._open.get(descriptor)

    def sync(self, path: str) -> None:
        """fsync: a file's content, or a folder's names and all names that changed before."""
        file = self._names.get(path)
        if file is not None:
            file.sync()
            return
        last = max((i for i, (folders, _) in enumerate(self._since) if path in folders), default=-1)
        for _, apply in self._since[: last + 1]:
            apply(self._synced_names)
        del self._since[: last + 1]

    def made_folder(self, path: str) -> None:
        """mkdir."""
        self._names[path] = None
        self._note({os.path.dirname(path)}, lambda names: names.__setitem__(path, None))

    def removed(self, path: str) -> None:
        """unlink or rmdir."""
        self._names.pop(path, None)
        self._note({os.path.dirname(path)}, lambda names: names.pop(path, None))

    def renamed(self, source: str, target: str) -> None:
        """rename or replace, of a file or a whole folder."""

        def move(names: Names) -> None:
            if source in names:
                names[target] = names.pop(source)
            for path in [path for path in names if path.startswith(f"{source}/")]:
                names[target + path[len(source) :]] = names.pop(path)

        move(self._names)
        self._open = {
            fd: target + path[len(source) :] if f"{path}/".startswith(f"{source}/") else path
            for fd, path in self._open.items()
        }
        self._note({os.path.dirname(source), os.path.dirname(target)}, move)

    def _note(self, folders: set[str], change: Callable[[Names], None]) -> None:
        self._since.append((folders, change))


class _Written(io.FileIO):
    """A file that tells the disk what is written to it."""

    def __init__(self, disk: Disk, path: str, mode: str) -> None:
        disk.change("open")
        super().__init__(path, mode)
        self._disk, self._told = disk, path
        file = disk.file(path)
        if "w" in mode:
            file.since.append(0)
        disk.opened(self.fileno(), path)

    def write(self, content: Any) -> int:  # type: ignore[override]
        told = bytes(content)
        if self._disk.is_dead:  # a buffer that is collected; nobody is there to hear of an error
            return len(told)
        self._disk.change("write")
        path = self._disk.path_of(self.fileno()) or self._told
        at = os.fstat(self.fileno()).st_size if "a" in self.mode else self.tell()
        written = super().write(told)
        assert written is not None
        self._disk.file(path).since.append((at, told[:written]))
        return written

    def close(self) -> None:
        if not self.closed:
            self._disk.closed(self.fileno())
        super().close()


@contextmanager
def _patched(disk: Disk) -> Iterator[None]:
    real = {
        name: getattr(os, name)
        for name in (
            "open",
            "close",
            "pwrite",
            "ftruncate",
            "fsync",
            "rename",
            "replace",
            "unlink",
            "mkdir",
            "rmdir",
        )
    }
    real_open, real_rmtree = io.open, shutil.rmtree

    def open_file(file: Any, mode: str = "r", buffering: int = -1, *args: Any, **how: Any) -> Any:
        if not disk.holds(file) or not set(mode) & set("wax+"):
            return real_open(file, mode, buffering, *args, **how)
        assert set(mode) <= set("wabt"), mode
        stream = io.BufferedWriter(_Written(disk, str(file), mode.replace("b", "").replace("t", "")))
        return stream if "b" in mode else io.TextIOWrapper(stream, *args, **how)

    def open_descriptor(path: Any, flags: int, mode: int = 0o777, **how: Any) -> int:
        watched = disk.holds(path)
        if watched and flags & os.O_CREAT:
            disk.change("open")
        descriptor = int(real["open"](path, flags, mode, **how))
        if watched or str(path) == disk.root:
            if flags & os.O_CREAT:
                disk.file(str(path))
            disk.opened(descriptor, str(path))
            disk._held.add(descriptor)
        return descriptor

    def close(descriptor: int) -> None:
        disk.closed(descriptor)
        disk._held.discard(descriptor)
        real["close"](descriptor)

    def pwrite(descriptor: int, content: Any, offset: int) -> int:
        path = disk.path_of(descriptor)
        if path is None:
            return int(real["pwrite"](descriptor, content, offset))
        disk.change("write")
        written = int(real["pwrite"](descriptor, content, offset))
        disk.file(path).since.append((offset, bytes(content)[:written]))
        return written

    def ftruncate(descriptor: int, length: int) -> None:
        path = disk.path_of(descriptor)
        if path is not None:
            disk.change("truncate")
            disk.file(path).since.append(length)
        real["ftruncate"](descriptor, length)

    def fsync(descriptor: int) -> None:
        path = disk.path_of(descriptor)
        if path is None:
            real["fsync"](descriptor)
            return
        disk.change("fsync")
        disk.sync(path)

    def rename(source: Any, target: Any, **how: Any) -> None:
        if not disk.holds(source):
            real["rename"](source, target, **how)
            return
        disk.change("rename")
        real["rename"](source, target)
        disk.renamed(str(source), str(target))

    def unlink(path: Any, **how: Any) -> None:
        _remove(real["unlink"], path, how)

    def rmdir(path: Any, **how: Any) -> None:
        _remove(real["rmdir"], path, how)

    def _remove(by: Callable[..., None], path: Any, how: dict[str, Any]) -> None:
        if disk.holds(path):
            if not os.path.lexists(path):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
            disk.change("remove")
            by(path)
            disk.removed(str(path))
        else:
            by(path, **how)

    def mkdir(path: Any, mode: int = 0o777, **how: Any) -> None:
        watched = disk.holds(path)
        if watched and not os.path.exists(path):
            disk.change("mkdir")
        real["mkdir"](path, mode, **how)
        if watched:
            disk.made_folder(str(path))

    def rmtree(path: Any, ignore_errors: bool = False, **how: Any) -> None:
        if not disk.holds(path):
            real_rmtree(path, ignore_errors, **how)
            return
        try:
            for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False):
                    rmtree(entry.path)
                else:
                    unlink(entry.path)
            rmdir(str(path))
        except OSError:
            if not ignore_errors:
                raise

    patches: list[tuple[Any, str, Any]] = [
        (io, "open", open_file),
        (builtins, "open", open_file),
        (shutil, "rmtree", rmtree),
        (os, "open", open_descriptor),
        (os, "close", close),
        (os, "replace", rename),
        *(
            (os, function.__name__, function)
            for function in (pwrite, ftruncate, fsync, rename, unlink, mkdir, rmdir)
        ),
    ]
    before = [(place, name, getattr(place, name)) for place, name, _ in patches]
    for place, name, function in patches:
        setattr(place, name, function)
    try:
        yield
    finally:
        for place, name, function in before:
            setattr(place, name, function)
