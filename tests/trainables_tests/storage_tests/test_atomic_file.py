"""Files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainables.storage.atomic_file import write_whole


def test_new_content_takes_the_place_of_old_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_put_there_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.mkdir()
    (path / "by").touch()
    with pytest.raises(OSError):
        write_whole(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]
