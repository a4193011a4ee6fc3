"""A folder of tensors and JSON that is either whole or known to be damaged.

Layout: `tensors.safetensors` and `record.json`, which holds the meta data, the sha256 of the tensor
file and a sha256 over itself. A folder appears under its name by one rename, after its bytes are on
the disk; whatever happens to it later (truncation, a flipped bit, a missing file) shows on reading.
Nothing is pickled, so reading a folder runs no code of its author.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

if TYPE_CHECKING:
    from torch import Tensor  # a driver names checkpoints and reads none: PyTorch is loaded by who does

TENSORS = "tensors.safetensors"
RECORD = "record.json"
UNFINISHED = ".unfinished-"


class DamagedError(Exception):
    """A sealed folder is not what its author wrote; the text says in which way."""


def canonical_json(value: Any) -> bytes:
    """One byte string per value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(content: bytes) -> str:
    """sha256 as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def write(folder: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> str:
    """Write `folder` at once, replacing one of the same name; the sha256 of its tensor file.

    Tensors come back on the CPU, contiguous, with their dtype and shape. Raises OSError.
    """
    import safetensors.torch

    own = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    content = safetensors.torch.save(own)
    tensors_sha256 = digest(content)
    body = {"meta": dict(meta), "tensors_sha256": tensors_sha256}
    record = {**body, "sha256": digest(canonical_json(body))}
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f"{UNFINISHED}{folder.name}-{uuid.uuid4().hex}")
    try:
        unfinished.mkdir()
        _write_synced(unfinished / TENSORS, content)
        _write_synced(
            unfinished / RECORD, json.dumps(record, sort_keys=True, indent=1, allow_nan=False).encode()
        )
        _sync_folder(unfinished)
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    _sync_folder(folder.parent)
    return tensors_sha256


def read(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and meta data of `folder`. Raises FileNotFoundError if it is not there, Damaged if altered."""
    import safetensors.torch

    if not folder.is_dir():
        raise FileNotFoundError(folder)
    try:
        record = json.loads((folder / RECORD).read_bytes())
        content = (folder / TENSORS).read_bytes()
        body = {"meta": record["meta"], "tensors_sha256": record["tensors_sha256"]}
        own_digest = record["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"{folder}: {type(error).__name__}: {error}") from error
    if own_digest != digest(canonical_json(body)):
        raise DamagedError(f"{folder / RECORD} does not match its own sha256")
    if body["tensors_sha256"] != digest(content):
        raise DamagedError(f"{folder / TENSORS} does not match the sha256 in {RECORD}")
    try:
        return safetensors.torch.load(content), body["meta"]
    except SafetensorError as error:  # only if the writer's library made a file that ours cannot read
        raise DamagedError(f"{folder / TENSORS}: {error}") from error


def sha256_of(folder: Path) -> str:
    """What `write` returned for a folder that `read` accepts."""
    return str(json.loads((folder / RECORD).read_bytes())["tensors_sha256"])


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable, not only the files' contents."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
