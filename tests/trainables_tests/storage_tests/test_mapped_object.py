"""What workers of this machine are given: whole, one copy for all of them, and not to be written to."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from trainables.data.dataset import load_dataset, to_tensors
from trainables.storage.mapped_object import ALIGNED, MappedObject


def test_arrays_of_every_kind_come_back(tmp_path: Path) -> None:
    value = {
        "odd": np.arange(7, dtype=np.uint8),
        "labels": np.arange(5),
        "across": np.asfortranarray(np.random.default_rng(0).random((3, 4, 5), dtype=np.float32)),
        "empty": np.zeros((0, 3)),
        "text": "no array",
    }
    found = MappedObject.write(value, tmp_path).read()
    assert found["text"] == "no array"
    for name in ("odd", "labels", "across", "empty"):
        np.testing.assert_array_equal(found[name], value[name])
        assert found[name].ctypes.data % ALIGNED == 0 or not found[name].size
    assert MappedObject.write({"a": 1}, tmp_path).read() == {"a": 1}
    assert MappedObject.write([np.zeros(0)], tmp_path).read()[0].shape == (0,)


def test_a_data_set_is_mapped_and_cannot_be_written_to(tmp_path: Path) -> None:
    dataset = load_dataset("digits")
    stored = MappedObject.write({"dataset": dataset}, tmp_path)
    found = stored.read()["dataset"]
    assert found.key == dataset.key
    with pytest.raises(ValueError, match="read-only"):
        found.train.images[0] = 0
    # Of the file, and not of this process's own memory; the tensors of it too.
    (file,) = tmp_path.glob("inputs-*")
    mapped = [m for m in psutil.Process().memory_maps(grouped=False) if m.path == str(file)]
    begin, end = (int(part, 16) for part in mapped[-1].addr.split("-"))
    assert begin <= found.train.images.ctypes.data < end
    assert begin <= to_tensors(found).train.images.data_ptr() < end
    assert torch.equal(to_tensors(found).train.images, to_tensors(dataset).train.images)


def test_nobody_else_reads_the_file(tmp_path: Path) -> None:
    MappedObject.write([np.ones(3)], tmp_path)
    (file,) = tmp_path.glob("inputs-*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
