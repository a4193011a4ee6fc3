from __future__ import annotations

import errno
import logging
import multiprocessing
import os
import time
from pathlib import Path

import pytest
import torch

from trainables.stages.cache import Entry, StageCache, stage_key
from trainables.storage import tensor_folder


def key_of(n: int = 0) -> str:
    return stage_key("sae", 1, settings={"n": n}, inputs=("a",), seed=1, device="cpu")


def entry_of(value: float, size: int = 4) -> Entry:
    return Entry({"w": torch.full((size,), float(value))}, {"history": [float(value)]})


def value(entry: Entry) -> float:
    assert entry.meta["history"][0] == float(entry.tensors["w"][0])
    return float(entry.tensors["w"][0])


def never() -> Entry:
    raise AssertionError("computed, though it should have been read")


def test_a_second_call_reads_what_the_first_computed(tmp_path: Path) -> None:
    cache = StageCache(tmp_path / "cache")
    assert value(cache.get_or_compute(key_of(), lambda: entry_of(0.5))) == 0.5
    assert value(StageCache(tmp_path / "cache").get_or_compute(key_of(), never)) == 0.5
    assert value(cache.get_or_compute(key_of(), never)) == 0.5
    assert (cache.hits.total(), cache.misses.total()) == (1, 1)


def test_every_part_of_the_key_matters() -> None:
    base = {"settings": {"a": 1}, "inputs": ("x",), "seed": 1, "device": "cpu"}
    keys = [
        stage_key("sae", 1, **base),
        stage_key("basis", 1, **base),
        stage_key("sae", 2, **base),
        stage_key("sae", 1, **base | {"settings": {"a": 2}}),
        stage_key("sae", 1, **base | {"inputs": ("y",)}),
        stage_key("sae", 1, **base | {"seed": 2}),
        stage_key("sae", 1, **base | {"device": "cuda"}),
    ]
    assert len(set(keys)) == len(keys)
    assert stage_key("sae", 1, **base | {"settings": dict(reversed([("b", 1), ("a", 1)]))}) == stage_key(
        "sae", 1, **base | {"settings": {"a": 1, "b": 1}}
    )


@pytest.mark.parametrize("file", [tensor_folder.TENSORS, tensor_folder.RECORD])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_a_damaged_entry_is_computed_again_with_one_warning(
    tmp_path: Path, file: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    cache = StageCache(tmp_path)
    cache.get_or_compute(key_of(), lambda: entry_of(1))
    path = tmp_path / key_of() / file
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(content[:-3])
    else:
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert value(cache.get_or_compute(key_of(), lambda: entry_of(2))) == 2
    assert len(caplog.records) == 1
    assert value(cache.get_or_compute(key_of(), never)) == 2


def test_the_least_recently_used_entries_go_first(tmp_path: Path) -> None:
    size = 10_000
    cache = StageCache(tmp_path, max_bytes=3 * 4 * size + 3000)
    for n in (0, 1, 2):
        cache.get_or_compute(key_of(n), lambda n=n: entry_of(n, size))
        os.utime(tmp_path / key_of(n), ns=(n, n))
    cache.get_or_compute(key_of(0), never)  # now the most recently used
    cache.get_or_compute(key_of(3), lambda: entry_of(3, size))
    kept = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert kept == {key_of(0), key_of(2), key_of(3)}
    assert not (tmp_path / f"{key_of(1)}.lock").exists()


def test_an_entry_larger_than_the_bound_is_still_kept_once(tmp_path: Path) -> None:
    cache = StageCache(tmp_path, max_bytes=10)
    cache.get_or_compute(key_of(0), lambda: entry_of(0, 1000))
    assert value(cache.get_or_compute(key_of(0), never)) == 0
    cache.get_or_compute(key_of(1), lambda: entry_of(1, 1000))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [key_of(1)]


def test_a_place_that_cannot_be_written_computes_every_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = StageCache(tmp_path / "file" / "cache")
    for n in (1, 2):
        assert value(cache.get_or_compute(key_of(), lambda n=n: entry_of(n))) == n
    assert (cache.hits.total(), cache.misses.total()) == (0, 2)


def test_a_full_disk_loses_the_entry_not_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with caplog.at_level(logging.WARNING):
        assert value(StageCache(tmp_path).get_or_compute(key_of(), lambda: entry_of(1))) == 1
    assert "No space left" in caplog.text
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_an_exception_leaves_no_entry_and_no_lock(tmp_path: Path) -> None:
    def fails() -> Entry:
        raise RuntimeError("diverged")

    cache = StageCache(tmp_path)
    with pytest.raises(RuntimeError, match="diverged"):
        cache.get_or_compute(key_of(), fails)
    assert value(cache.get_or_compute(key_of(), lambda: entry_of(1))) == 1


def test_what_a_killed_writer_left_is_removed_after_a_while(tmp_path: Path) -> None:
    left = [tmp_path / f"{tensor_folder.UNFINISHED}{name}" for name in ("old", "new")]
    for folder in left:
        folder.mkdir()
    os.utime(left[0], (0, 0))
    StageCache(tmp_path).get_or_compute(key_of(), lambda: entry_of(1))
    assert not left[0].exists()
    assert left[1].exists()


def _race(root: Path, ready: Path, number: int) -> None:
    """One of several processes that want the same entry at the same time."""

    def compute() -> Entry:
        with (ready / "computed").open("a") as file:
            file.write(f"{number}\n")
        time.sleep(0.3)
        return entry_of(number)

    (ready / f"ready{number}").touch()
    while len(list(ready.glob("ready*"))) < 3:
        time.sleep(0.005)
    result = value(StageCache(root).get_or_compute(key_of(), compute))
    (ready / f"result{number}").write_text(str(result))


def test_processes_that_want_one_entry_compute_it_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_race, args=(tmp_path / "cache", tmp_path, n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    winner = (tmp_path / "computed").read_text().split()
    assert len(winner) == 1
    assert {path.read_text() for path in tmp_path.glob("result*")} == {f"{float(winner[0])}"}


def _die_in_compute(root: Path) -> None:
    StageCache(root).get_or_compute(key_of(), lambda: os._exit(9))


def test_a_process_that_dies_while_computing_blocks_nobody(tmp_path: Path) -> None:
    worker = multiprocessing.get_context("spawn").Process(target=_die_in_compute, args=(tmp_path,))
    worker.start()
    worker.join(60)
    assert worker.exitcode == 9
    assert value(StageCache(tmp_path).get_or_compute(key_of(), lambda: entry_of(1))) == 1
