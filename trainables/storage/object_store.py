"""A folder that several machines see: a plain shared one, or objects behind a URI such as s3://bucket/prefix.

Whatever is put appears whole or not at all. Names are relative and use slashes.
"""

from __future__ import annotations

import os
import urllib.parse
import uuid
from pathlib import Path, PurePosixPath
from typing import Any

_CONNECT_TIMEOUT_S = 5.0
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
_PARTIAL = ".partial-"


class Store:
    """Objects under one place; every method raises OSError when the place fails.

    place: a path, or a URI that pyarrow.fs.FileSystem.from_uri takes. Raises ValueError if it is neither.
    """

    def __init__(self, place: str) -> None:
        self.place = absolute(place)
        self._files, self._base, self._renames = _open(self.place)

    def put(self, name: str, content: bytes) -> None:
        """Write an object, replacing one of the same name."""
        path = self._path(name)
        if not self._renames:
            # An object store shows an object when its upload is closed, and not before.
            with self._files.open_output_stream(path) as stream:
                stream.write(content)
            return
        parent, _, last = path.rpartition("/")
        self._files.create_dir(parent, recursive=True)
        partial = f"{parent}/{_PARTIAL}{uuid.uuid4().hex}-{last}"
        try:
            with self._files.open_output_stream(partial) as stream:
                stream.write(content)
            self._files.move(partial, path)
        except OSError:
            self._remove_if_there(partial)
            raise

    def grow(self, name: str, content: bytes) -> None:
        """`put` for a file that others keep open and read on, as TensorBoard does.

        In a folder, what is there stays in its place and the rest is appended, if `content` goes on from it;
        who reads may see a part of the rest. Elsewhere it is `put`.
        """
        if self._files.type_name != "local":
            self.put(name, content)
            return
        try:
            there = self.get(name)
        except FileNotFoundError:
            there = None
        if there is None or not content.startswith(there):
            self.put(name, content)
            return
        with self._files.open_append_stream(self._path(name), compression=None) as stream:
            stream.write(content[len(there) :])

    def get(self, name: str) -> bytes:
        """The bytes of an object. Raises FileNotFoundError if there is none."""
        with self._files.open_input_stream(self._path(name), compression=None) as stream:
            return bytes(stream.read())

    def sizes(self, prefix: str) -> dict[str, int]:
        """Name -> bytes of every object below the folder `prefix`, at any depth, in order of name."""
        from pyarrow.fs import FileSelector, FileType

        selector = FileSelector(self._path(prefix), recursive=True, allow_not_found=True)
        found = {}
        for info in self._files.get_file_info(selector):
            name = str(PurePosixPath(info.path).relative_to(self._base))
            if info.type == FileType.File and not info.base_name.startswith(_PARTIAL):
                found[name] = int(info.size)
        return dict(sorted(found.items()))

    def remove(self, name: str) -> None:
        """Delete an object; nothing happens if there is none."""
        self._remove_if_there(self._path(name))

    def _remove_if_there(self, path: str) -> None:
        try:
            self._files.delete_file(path)
        except FileNotFoundError:
            return

    def _path(self, name: str) -> str:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith("/"):
            raise ValueError(f"not a name below {self.place}: {name!r}")
        return f"{self._base}/{'/'.join(parts)}"


def is_uri(place: str) -> bool:
    """Whether a place is named by a URI, not by a path."""
    return "://" in place


def absolute(place: str) -> str:
    """The same place, understood from every working folder."""
    return place if is_uri(place) else str(Path(place).expanduser().resolve())


def below(place: str, name: str) -> str:
    """The place `name` inside another; a URI keeps its query."""
    if not is_uri(place):
        return str(Path(place) / name)
    parts = urllib.parse.urlsplit(place)
    path = f"{parts.path.rstrip('/')}/{urllib.parse.quote(name)}"
    return urllib.parse.urlunsplit(parts._replace(path=path))


def holds_a_password(place: str) -> bool:
    """Whether a URI carries credentials, which would end up in logs and run.json."""
    return is_uri(place) and "@" in urllib.parse.urlsplit(place).netloc


def _open(place: str) -> tuple[Any, str, bool]:
    """File system, path in it, and whether an object must be renamed into place to appear whole."""
    from pyarrow.fs import FileSystem, LocalFileSystem

    if not is_uri(place):
        return LocalFileSystem(), place.rstrip("/"), True
    if place.startswith("s3://"):
        files, path = _s3(place)
    else:
        files, path = FileSystem.from_uri(place)
    return files, path.rstrip("/"), files.type_name not in ("s3", "gcs", "abfs")


def _s3(place: str) -> tuple[Any, str]:
    """S3 by our own timeouts: from_uri takes none, and asks Amazon for the region even of other servers."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, FileSystem, S3FileSystem

    parts = urllib.parse.urlsplit(place)
    if not parts.netloc:
        raise ValueError("which bucket? For example s3://bucket/prefix")
    options = dict(urllib.parse.parse_qsl(parts.query))
    known = {"region", "scheme", "endpoint_override"}
    if set(options) - known:
        files, path = FileSystem.from_uri(place)
        return files, path
    elsewhere = "endpoint_override" in options or "AWS_ENDPOINT_URL" in os.environ
    region = options.pop("region", None) or next(filter(None, map(os.environ.get, _REGION_VARIABLES)), None)
    files = S3FileSystem(
        region=region or ("us-east-1" if elsewhere else None),
        connect_timeout=_CONNECT_TIMEOUT_S,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=3),
        **options,
    )
    return files, parts.netloc + urllib.parse.unquote(parts.path)
