"""Code from outside on its way to the workers: the folders that it was imported from, with their modules.

A worker on a machine that has the same folder imports from there, so that errors name the user's own files;
elsewhere it unpacks what came along.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trainables.errors import MemberError
from trainables.foreign import folders_in_use, search_in

LIMIT_BYTES = 20 * 2**20
OWN_PACKAGES = {"analysis", "search", "trainables", "tests"}
# The same modules are the same bytes on every machine.
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_unpacked: dict[str, tempfile.TemporaryDirectory[str]] = {}


@dataclass(frozen=True)
class ShippedCode:
    """One folder's modules and packages as a zip archive."""

    path: str
    archive: bytes

    @staticmethod
    def of(folder: Path) -> ShippedCode:
        """The folder as it is now. MemberError if its code is more than can travel."""
        return ShippedCode(str(folder), _archive(folder))

    def activate(self) -> None:
        """Let this process import from it."""
        folder = Path(self.path)
        if not (folder.is_dir() and _archive(folder) == self.archive):
            folder = self._unpack()
        search_in(folder)

    def _unpack(self) -> Path:
        digest = hashlib.sha256(self.archive).hexdigest()
        if digest not in _unpacked:
            _unpacked[digest] = tempfile.TemporaryDirectory(prefix="sae-search-code-")
            with zipfile.ZipFile(io.BytesIO(self.archive)) as archive:
                archive.extractall(_unpacked[digest].name)
        return Path(_unpacked[digest].name)


def shipped_code() -> tuple[ShippedCode, ...]:
    """All folders that this process imported code from which is not installed."""
    return tuple(ShippedCode.of(folder) for folder in folders_in_use())


def code_files(folder: Path) -> Iterator[Path]:
    """Modules of the folder and all Python files of its packages, but those of this repository."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py" and path.is_file():
            yield path
        elif (path / "__init__.py").is_file() and path.name not in OWN_PACKAGES:
            yield from sorted(path.rglob("*.py"))


def _archive(folder: Path) -> bytes:
    buffer, total = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in code_files(folder):
            content = file.read_bytes()
            total += len(content)
            if total > LIMIT_BYTES:
                raise MemberError(
                    f"the Python files in {folder} are more than {LIMIT_BYTES / 2**20:.0f} MiB, too much to "
                    "send to workers; keep the space file and its code in a folder of their own"
                )
            archive.writestr(zipfile.ZipInfo(str(file.relative_to(folder)), _NO_DATE), content)
    return buffer.getvalue()
