"""Objects in a plain folder and on an S3 server: one behaviour."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trainables.storage.object_store import Store, absolute, below, holds_a_password


def test_what_is_put_is_there(place: str) -> None:
    store = Store(place)
    store.put("a/b.bin", bytes(range(256)) * 5000)
    store.put("a/c d/é.txt", b"")
    store.put("z.txt", b"1")
    assert store.get("a/b.bin") == bytes(range(256)) * 5000
    assert store.sizes("a") == {"a/b.bin": 1_280_000, "a/c d/é.txt": 0}
    store.put("a/b.bin", b"new")
    assert Store(place).get("a/b.bin") == b"new"


def test_what_grows_is_there_as_far_as_it_has_come(place: str) -> None:
    store = Store(place)
    for content in (b"one", b"one two", b"one two", b"another", b"an"):
        store.grow("a/events", content)
        assert store.get("a/events") == content


def test_who_has_a_growing_file_open_reads_on(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.grow("events", b"one")
    with (tmp_path / "events").open("rb") as reader:
        assert reader.read() == b"one"
        store.grow("events", b"one two")
        assert reader.read() == b" two"
        store.put("events", b"one two three")
        assert reader.read() == b""  # why there is `grow`


def test_what_is_not_there_is_said_so(place: str) -> None:
    store = Store(place)
    assert store.sizes("nothing") == {}
    with pytest.raises(FileNotFoundError):
        store.get("nothing/at all")
    store.remove("nothing/at all")


def test_a_removed_object_is_gone(place: str) -> None:
    store = Store(place)
    store.put("a/b", b"1")
    store.remove("a/b")
    assert store.sizes("a") == {}


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "", "."])
def test_a_name_stays_inside(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a name below"):
        Store(str(tmp_path)).put(name, b"")


def test_a_failed_upload_leaves_the_old_object_and_nothing_else(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.put("a/b", b"old")
    (tmp_path / "in the way").mkdir()
    (tmp_path / "in the way" / "x").touch()
    with pytest.raises(OSError, match="in the way"):
        store.put("in the way", b"new")
    assert sorted(os.listdir(tmp_path)) == ["a", "in the way"]
    assert store.get("a/b") == b"old"


def test_a_partial_file_of_a_killed_process_is_no_object(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".partial-0123-b").write_bytes(b"half")
    assert Store(str(tmp_path)).sizes("a") == {}


@pytest.mark.parametrize("place", ["ftp://host/x", "s3://", "nonsense://x"])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(ValueError):
        Store(place)


def test_a_bucket_that_is_not_there_fails_with_its_name(bucket: str) -> None:
    with pytest.raises(OSError, match="elsewhere"):
        Store(bucket.replace("s3://runs", "s3://elsewhere")).put("a", b"")


def test_places_below_places() -> None:
    assert below("s3://b/p?region=x", "run 1") == "s3://b/p/run%201?region=x"
    assert below("s3://b", "run") == "s3://b/run"
    assert below("/shared/", "run") == "/shared/run"
    assert absolute("some/where") == str(Path.cwd() / "some" / "where")
    assert absolute("s3://b/p") == "s3://b/p"


def test_passwords_are_seen() -> None:
    assert holds_a_password("s3://key:secret@bucket/x")
    assert not holds_a_password("s3://bucket/me@home")
    assert not holds_a_password("/home/me@work")
