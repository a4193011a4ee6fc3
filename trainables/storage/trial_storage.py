"""A trial's folder on storage that all nodes see, so that another node can go on with the trial.

`push` uploads what changed and then `manifest.json`, which names every file with its sha256. A file that
does not match its manifest belongs to an upload that was broken off and is never taken; of a sealed folder
(a checkpoint, the mean codes) all files are taken or none, so that an older checkpoint is what remains.
Workers own the files of a trial except those that the driver writes from its ledger.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from trainables.storage import checkpoint, tensor_folder
from trainables.storage.object_store import Store

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
FOLDER = "trials"
DRIVER_FILES = ("params.json", "metrics.csv", "events.out.tfevents.*")
_NOT_SHARED = (*DRIVER_FILES, "timeout.txt", ".*")
_READ_AGAIN_S = 0.2
"""A manifest that is being replaced while it is read comes back cut."""
Files = dict[str, dict[str, Any]]


class TrialStorage:
    """The folders of a run's trials below `trials/` of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pushed: dict[str, Files] = {}

    def push(self, folder: Path, key: str) -> None:
        """Upload the trial's `folder`; what an earlier push uploaded is not uploaded again.

        key: identifies the configuration; `fetch` with another key takes nothing. Raises OSError; the
        storage then still has what it had before, but for files that have changed since.
        """
        known = self._known(folder.name)
        files: Files = {}
        for name, path in _files_of(folder):
            content = path.read_bytes()
            files[name] = {"sha256": tensor_folder.digest(content), "bytes": len(content)}
            if known.get(name) != files[name]:
                self._store.put(f"{FOLDER}/{folder.name}/{name}", content)
        if not _checkpoint_files(files):
            # The trial failed before it had one of its own here; earlier ones are no worse for it.
            files = {**known, **files}
        body = {"key": key, "files": files}
        document = {**body, "sha256": tensor_folder.digest(tensor_folder.canonical_json(body))}
        self._store.put(f"{FOLDER}/{folder.name}/{MANIFEST}", json.dumps(document, indent=1).encode())
        self._pushed = {folder.name: files}
        for name in known.keys() - files.keys():
            self._store.remove(f"{FOLDER}/{folder.name}/{name}")

    def fetch(self, folder: Path, key: str | None = None) -> bool:
        """Bring the trial's files into `folder`; True if the storage has the trial.

        Files that are there already stay; without `key` any configuration is taken. Raises OSError.
        """
        manifest = self.manifest(folder.name)
        if manifest is None or (key is not None and manifest["key"] != key):
            return False
        for group, files in _groups(manifest["files"]).items():
            if all(_has(folder / name, fact["sha256"]) for name, fact in files.items()):
                continue
            contents = self._whole(folder.name, files)
            if contents is None:
                logger.warning("%s of trial %s is not whole in the storage; left there", group, folder.name)
            else:
                _place(folder, group, contents)
        return True

    def fetch_if_newer(self, folder: Path, key: str) -> bool:
        """`fetch` where the storage has a later checkpoint than `folder`; True if it had."""
        manifest = self.manifest(folder.name)
        if manifest is None or manifest["key"] != key:
            return False
        there = checkpoint.newest(name.split("/")[1] for name in _checkpoint_files(manifest["files"]))
        here = checkpoint.newest(path.name for path in (folder / checkpoint.FOLDER).glob("e*-r*"))
        if there is None or (here is not None and here >= there):
            return False
        return self.fetch(folder, key)

    def manifest(self, trial: str) -> dict[str, Any] | None:
        """What the storage says it has of a trial; None if nothing, or if it is damaged."""
        for pause in (_READ_AGAIN_S, 0.0):
            try:
                document = json.loads(self._store.get(f"{FOLDER}/{trial}/{MANIFEST}"))
                body = {"key": document["key"], "files": document["files"]}
                if document["sha256"] == tensor_folder.digest(tensor_folder.canonical_json(body)):
                    return body
            except FileNotFoundError:
                return None
            except (ValueError, KeyError, TypeError):
                pass
            time.sleep(pause)
        logger.warning("the manifest of trial %s in the storage is damaged", trial)
        return None

    def _known(self, trial: str) -> Files:
        if trial not in self._pushed:
            manifest = self.manifest(trial)
            self._pushed = {trial: {} if manifest is None else manifest["files"]}
        return self._pushed[trial]

    def _whole(self, trial: str, files: Files) -> dict[str, bytes] | None:
        contents = {}
        for name, fact in files.items():
            try:
                contents[name] = self._store.get(f"{FOLDER}/{trial}/{name}")
            except FileNotFoundError:
                return None
            if tensor_folder.digest(contents[name]) != fact["sha256"]:
                return None
        return contents


def _files_of(folder: Path) -> Iterable[tuple[str, Path]]:
    """The workers' files of a trial; unfinished ones, which begin with a dot, are nobody's yet."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        ours = not any(relative.match(pattern) for pattern in _NOT_SHARED)
        if not hidden and ours and path.is_file() and not path.is_symlink():
            yield relative.as_posix(), path


def _groups(files: Files) -> dict[str, Files]:
    """Files by what is taken as a whole: a sealed folder, or the file alone."""
    sealed_folders = {name.rpartition("/")[0] for name in files if name.endswith(f"/{tensor_folder.RECORD}")}
    groups: dict[str, Files] = {}
    for name, fact in files.items():
        parts = Path(name).parts
        if Path(name).is_absolute() or ".." in parts or not parts:
            logger.warning("ignored a name in the storage that leaves the trial's folder: %r", name)
            continue
        parent = name.rpartition("/")[0]
        groups.setdefault(parent if parent in sealed_folders else name, {})[name] = fact
    return groups


def _checkpoint_files(files: Iterable[str]) -> list[str]:
    return [name for name in files if name.startswith(f"{checkpoint.FOLDER}/") and name.count("/") == 2]


def _has(path: Path, sha256: str) -> bool:
    return path.is_file() and tensor_folder.digest(path.read_bytes()) == sha256


def _place(folder: Path, group: str, contents: Mapping[str, bytes]) -> None:
    """Put a file, or a sealed folder by one rename, under its name."""
    target = folder / group
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f"{tensor_folder.UNFINISHED}{target.name}-{uuid.uuid4().hex}")
    try:
        if set(contents) == {group}:
            unfinished.write_bytes(contents[group])
        else:
            for name, content in contents.items():
                path = unfinished / Path(name).relative_to(group)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            shutil.rmtree(target, ignore_errors=True)
        os.replace(unfinished, target)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.unlink(missing_ok=True)
        raise
