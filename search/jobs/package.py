"""What travels to a cluster with a job: this project's code or nothing but the space file, as one archive.

Data sets and runs never travel. Folders that hold them are left out by name and by look, and what is left is
weighed before anything is sent, because a cluster keeps the archive in its head's memory.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from search.errors import SpaceError
from trainables.workers.shipped_code import code_files as own_code

LIMIT_BYTES = 20 * 2**20
NOT_AT_THE_TOP = {"data", "runs", "build", "dist", "venv", "env", "tests", "docs", "benchmarks", "deploy"}
NOWHERE = {"__pycache__", "node_modules"}
SUBMITTED = "submitted"
"""Folder in the archive for a space file from elsewhere."""
_N_OFFENDERS = 5
# An archive of the same files is the same bytes, so that a second job finds it on the cluster.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """An archive with its name on the cluster, and the space file's path in it."""

    name: str
    content: bytes
    n_files: int
    space: str | None

    @property
    def uri(self) -> str:
        """What a job's runtime environment calls its working directory."""
        return f"gcs://{self.name}"


def code_package(
    root: Path, space: Path | None, limit_bytes: int = LIMIT_BYTES, code: Iterable[Path] = ()
) -> Package:
    """The project at `root`, the space file, and the folders `code` that it has kinds from.

    Raises SpaceError if `root` is no checkout or is too big.
    """
    if not (root / "pyproject.toml").is_file() or not (root / "search" / "run.py").is_file():
        raise SpaceError(f"{root} is no checkout of sae-search that could be sent; use --code installed")
    files = {str(path.relative_to(root)): path for path in code_files(root)}
    refuse_too_much(files, limit_bytes)
    return _package(files, space, code)


def space_package(space: Path, code: Iterable[Path] = ()) -> Package:
    """The space file and its own code, for a cluster where sae-search is installed."""
    return _package({}, space, code)


def code_files(root: Path) -> Iterator[Path]:
    """Files below `root` that may be code. Hidden ones, links, caches, data and runs are passed over."""
    for path in sorted(root.iterdir()):
        if path.name not in NOT_AT_THE_TOP:
            yield from _below(path)


def _below(path: Path) -> Iterator[Path]:
    if path.name.startswith(".") or path.name in NOWHERE or path.suffix == ".egg-info" or path.is_symlink():
        return
    if path.is_file():
        yield path
    # A run stays here whatever its folder is called.
    elif path.is_dir() and not (path / "trials.jsonl").exists():
        for inner in sorted(path.iterdir()):
            yield from _below(inner)


def refuse_too_much(files: dict[str, Path], limit_bytes: int) -> None:
    """Raises SpaceError that names the largest files."""
    sizes = {name: path.stat().st_size for name, path in files.items()}
    total = sum(sizes.values())
    if total <= limit_bytes:
        return
    largest = sorted(sizes.items(), key=lambda item: -item[1])[:_N_OFFENDERS]
    listed = "\n".join(f"  {size / 2**20:9.1f} MiB  {name}" for name, size in largest)
    raise SpaceError(
        f"the code to send weighs {total / 2**20:.1f} MiB, more than {limit_bytes / 2**20:.0f}. Largest:\n"
        f"{listed}\nData and runs do not travel: move them out of the project or into data/ or runs/, "
        "or use --code installed."
    )


def _package(files: dict[str, Path], space: Path | None, code: Iterable[Path]) -> Package:
    at = None
    # Beside the space file, where it is looked for.
    own = {f"{SUBMITTED}/{file.relative_to(folder)}": file for folder in code for file in own_code(folder)}
    if space is not None:
        resolved = space.resolve()
        inside = (name for name, path in files.items() if path.resolve() == resolved and not own)
        at = next(inside, f"{SUBMITTED}/{space.name}")
        files = {**files, **own, at: space}
    content = _archive(files)
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Package(f"_ray_pkg_{digest}.zip", content, len(files), at)


def _archive(files: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _NO_DATE)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
