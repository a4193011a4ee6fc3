from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from trainables.storage import checkpoint, tensor_folder


def save(folder: Path, epoch: int, rung: int = 0) -> dict[str, str]:
    return checkpoint.save(folder, {"w": torch.full((3, 2), float(epoch))}, {"epoch": epoch, "rung": rung})


def newest_epoch(folder: Path) -> int | None:
    found = checkpoint.load_newest(folder)
    return None if found is None else int(found.meta["epoch"])


def test_what_is_saved_comes_back_exactly(tmp_path: Path) -> None:
    tensors = {
        "float": torch.randn(4, 3, generator=torch.Generator().manual_seed(0)),
        "view": torch.arange(12).reshape(3, 4).T,
        "scalar": torch.tensor(7),
        "bytes": torch.tensor([1, 0], dtype=torch.uint8),
        "empty": torch.zeros(0, 3),
    }
    tensors["shared"] = tensors["float"]
    meta = {"epoch": 3, "rung": 1, "history": [{"loss": 0.1 + 0.2}], "text": "ä \u2028"}
    record = checkpoint.save(tmp_path, tensors, meta)
    found = checkpoint.load_newest(tmp_path)
    assert found is not None
    assert found.meta == meta
    assert found.record == record
    assert set(found.tensors) == set(tensors)
    for name, tensor in tensors.items():
        assert torch.equal(found.tensors[name], tensor)
        assert found.tensors[name].dtype == tensor.dtype


def test_the_record_names_the_folder_and_the_tensor_file_s_sha256(tmp_path: Path) -> None:
    record = save(tmp_path, 3, rung=1)
    assert record["path"] == "checkpoint/e000003-r1"
    content = (tmp_path / record["path"] / tensor_folder.TENSORS).read_bytes()
    assert record["sha256"] == tensor_folder.digest(content)


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    assert checkpoint.load_newest(tmp_path / "absent") is None


def test_the_newest_two_stay_in_the_order_of_training(tmp_path: Path) -> None:
    for epoch, rung in [(9, 0), (9, 1), (10, 1), (10, 2), (1_000_000, 2)]:
        save(tmp_path, epoch, rung)
        assert newest_epoch(tmp_path) == epoch
    names = {path.name for path in (tmp_path / "checkpoint").iterdir()}
    assert names == {"e000010-r2", "e1000000-r2"}


def test_going_back_removes_the_abandoned_future(tmp_path: Path) -> None:
    for epoch in (4, 5, 2):
        save(tmp_path, epoch)
    assert newest_epoch(tmp_path) == 2


def test_saving_the_same_state_again_replaces_it(tmp_path: Path) -> None:
    assert save(tmp_path, 4) == save(tmp_path, 4)
    assert newest_epoch(tmp_path) == 4


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def _replace_by_valid_json(path: Path) -> None:
    path.write_text("[1, 2]")


@pytest.mark.parametrize("file", [tensor_folder.TENSORS, tensor_folder.RECORD])
@pytest.mark.parametrize("damage", [_truncate, _empty, _flip_a_bit, _replace_by_valid_json, Path.unlink])
def test_a_damaged_checkpoint_is_skipped_with_a_warning(
    tmp_path: Path, file: str, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path, 1)
    damage(tmp_path / save(tmp_path, 2)["path"] / file)
    with caplog.at_level(logging.WARNING):
        assert newest_epoch(tmp_path) == 1
    assert "e000002-r0" in caplog.text
    save(tmp_path, 2)  # the step is taken again
    assert newest_epoch(tmp_path) == 2


def test_a_changed_number_in_the_meta_data_is_noticed(tmp_path: Path) -> None:
    record = tmp_path / save(tmp_path, 2)["path"] / tensor_folder.RECORD
    content = json.loads(record.read_text())
    content["meta"]["rung"] = 1
    record.write_text(json.dumps(content))
    assert checkpoint.load_newest(tmp_path) is None


def test_what_a_killed_writer_left_is_ignored_and_then_removed(tmp_path: Path) -> None:
    save(tmp_path, 1)
    left = tmp_path / "checkpoint" / f"{tensor_folder.UNFINISHED}e000002-r0-abc"
    left.mkdir()
    (left / tensor_folder.TENSORS).write_bytes(b"half")
    assert newest_epoch(tmp_path) == 1
    save(tmp_path, 2)
    assert left.exists()  # its writer may be alive still
    os.utime(left, (0, 0))
    save(tmp_path, 3)
    assert not left.exists()


def test_a_place_that_cannot_be_written_raises_oserror(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        save(tmp_path / "file", 1)


def test_meta_data_that_is_not_finite_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        checkpoint.save(tmp_path, {}, {"epoch": 1, "rung": 0, "loss": float("nan")})
    assert checkpoint.load_newest(tmp_path) is None
