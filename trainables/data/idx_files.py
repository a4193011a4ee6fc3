"""Reads the idx files of MNIST and its relatives after checking that they are what they should be."""

from __future__ import annotations

import gzip
import hashlib
import math
import tempfile
import zlib
from pathlib import Path

import numpy as np

from trainables.data.families import Family
from trainables.errors import DataError

UINT8 = 0x08


def download_command(family: Family, root: Path) -> str:
    """What a user types to get, or to repair, the family's files under `root`."""
    return f"python -m trainables.data.download {family.name} --root {root}"


def read_array(root: Path, family: Family, file: str) -> np.ndarray:
    """The checked array in `file`: uint8 (N, 28, 28) images or int64 (N,) labels below n_classes.

    The file lies in `<root>/<folder>/raw`, uncompressed or as .gz. Its size and idx header must fit
    the family, and so must its sha256 where one is pinned (MNIST). For the others no checksum of the
    uncompressed files is known: altered pixels in them go unnoticed. DataError otherwise.
    """
    path = find_file(root, family, file)
    content = _content(path, root, family)
    check_content(content, path, root, family)
    array = _parsed(path, content, len(family.idx_shape(file)))
    if array.ndim == 1 and array.max() >= family.n_classes:
        raise _damaged(path, f"labels below {family.n_classes}", f"label {array.max()}", root, family)
    return array


def find_file(root: Path, family: Family, file: str) -> Path:
    """Path of `file` or, failing that, of `file`.gz; DataError if neither is there."""
    path = root / family.folder / "raw" / file
    packed = path.with_name(f"{file}.gz")
    for candidate in (path, packed):
        if candidate.is_file():
            return candidate
    raise DataError(
        f"{family.name} is not complete: there is no {path} (nor {packed.name})\n"
        f"get it with: {download_command(family, root)}"
    )


def check_content(content: bytes, path: Path, root: Path, family: Family) -> None:
    """DataError unless `content`, the uncompressed bytes at `path`, has the right size, sum and header."""
    file = path.name.removesuffix(".gz")
    shape = family.idx_shape(file)
    header = bytes([0, 0, UINT8, len(shape)]) + b"".join(n.to_bytes(4, "big") for n in shape)
    size = len(header) + math.prod(shape)
    if len(content) != size:
        raise _damaged(path, f"{size:,} bytes", f"{len(content):,} bytes", root, family)
    if file in family.sha256:
        actual = hashlib.sha256(content).hexdigest()
        if actual != family.sha256[file]:
            raise _damaged(path, f"sha256 {family.sha256[file]}", f"sha256 {actual}", root, family)
    if not content.startswith(header):
        raise _damaged(
            path, f"idx header {header.hex()}", f"idx header {content[: len(header)].hex()}", root, family
        )


def _content(path: Path, root: Path, family: Family) -> bytes:
    """The uncompressed bytes at `path`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    if path.suffix != ".gz":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(
            path, "a gzip file", f"{len(content):,} bytes that do not unpack ({error})", root, family
        ) from error


def _parsed(path: Path, content: bytes, dimensions: int) -> np.ndarray:
    # Imported here, because a missing or damaged file is told without waiting for torchvision.
    from torchvision.datasets import mnist

    read = mnist.read_image_file if dimensions == 3 else mnist.read_label_file
    if path.suffix != ".gz":
        return np.asarray(read(str(path)).numpy())
    # torchvision reads only from an uncompressed file, and the data's own folder may be read-only.
    with tempfile.NamedTemporaryFile() as unpacked:
        unpacked.write(content)
        unpacked.flush()
        return np.asarray(read(unpacked.name).numpy())


def _damaged(path: Path, expected: str, actual: str, root: Path, family: Family) -> DataError:
    return DataError(
        f"{path} is damaged or not {family.name}'s\n"
        f"expected: {expected}\nactual:   {actual}\n"
        f"replace it with: {download_command(family, root)}"
    )
