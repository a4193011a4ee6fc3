"""A trial's folder goes to another disk and back, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainables.storage import checkpoint, tensor_folder
from trainables.storage.object_store import Store
from trainables.storage.trial_storage import TrialStorage
from trainables.workers.worker_storage import WorkerStorage, key_of


def trained(folder: Path, *epochs: int) -> Path:
    """A trial's folder after checkpoints at these epochs."""
    for epoch in epochs:
        checkpoint.save(folder, {"w": torch.full((3,), float(epoch))}, {"epoch": epoch, "rung": 0})
        (folder / "log.txt").write_text(f"epoch {epoch}\n")
    return folder


def newest_epoch(folder: Path) -> int | None:
    found = checkpoint.load_newest(folder)
    return None if found is None else int(found.tensors["w"][0])


def test_another_disk_gets_what_was_pushed(place: str, tmp_path: Path) -> None:
    here = trained(tmp_path / "here" / "0007", 1, 2, 3)
    tensor_folder.write(here / "mean_codes", {"m": torch.ones(2)}, {})
    (here / "pictures").mkdir()
    (here / "pictures" / "a.png").write_bytes(b"png")
    TrialStorage(Store(place)).push(here, "k")
    there = tmp_path / "there" / "0007"
    assert TrialStorage(Store(place)).fetch_if_newer(there, "k")
    files = {p.relative_to(here): p.read_bytes() for p in here.rglob("*") if p.is_file()}
    assert {p.relative_to(there): p.read_bytes() for p in there.rglob("*") if p.is_file()} == files
    assert newest_epoch(there) == 3


def test_the_driver_s_files_and_the_watchdog_s_mark_do_not_travel(tmp_path: Path) -> None:
    here = trained(tmp_path / "here" / "0007", 1)
    for name in ("params.json", "metrics.csv", "events.out.tfevents.1", "timeout.txt", ".hidden"):
        (here / name).write_text("x")
    (here / "link").symlink_to("/etc/passwd")
    TrialStorage(Store(str(tmp_path / "shared"))).push(here, "k")
    shared = tmp_path / "shared" / "trials" / "0007"
    assert sorted(path.name for path in shared.iterdir()) == ["checkpoint", "log.txt", "manifest.json"]


def test_the_storage_keeps_what_the_disk_keeps(place: str, tmp_path: Path) -> None:
    here, store = tmp_path / "0007", Store(place)
    storage = TrialStorage(store)
    for epoch in range(1, 6):
        storage.push(trained(here, epoch), "k")
    names = {name.split("/")[3] for name in store.sizes("trials/0007/checkpoint")}
    assert names == {"e000004-r0", "e000005-r0"}


def test_only_changes_are_uploaded(tmp_path: Path) -> None:
    here, shared = trained(tmp_path / "0007", 1), tmp_path / "shared" / "trials" / "0007"
    TrialStorage(Store(str(tmp_path / "shared"))).push(here, "k")
    before = {path: path.stat().st_ino for path in shared.rglob("*") if path.is_file()}
    # A fresh process knows from the manifest what is there.
    TrialStorage(Store(str(tmp_path / "shared"))).push(trained(here, 2), "k")
    same = {path.name for path, inode in before.items() if path.stat().st_ino == inode}
    assert same == {"tensors.safetensors", "record.json"}


def test_a_disk_that_is_ahead_keeps_its_own(tmp_path: Path) -> None:
    storage = TrialStorage(Store(str(tmp_path / "shared")))
    storage.push(trained(tmp_path / "a" / "0007", 1, 2), "k")
    ahead = trained(tmp_path / "b" / "0007", 5)
    assert not storage.fetch_if_newer(ahead, "k")
    assert newest_epoch(ahead) == 5
    behind = trained(tmp_path / "c" / "0007", 1)
    assert storage.fetch_if_newer(behind, "k")
    assert newest_epoch(behind) == 2


def test_another_configuration_under_the_same_number_is_not_taken(tmp_path: Path) -> None:
    storage = TrialStorage(Store(str(tmp_path / "shared")))
    storage.push(trained(tmp_path / "a" / "0007", 1), key_of({"trial": {"k": 1}}))
    assert not storage.fetch_if_newer(tmp_path / "b" / "0007", key_of({"trial": {"k": 2}}))
    assert not (tmp_path / "b").exists()


def test_an_upload_that_was_broken_off_is_never_taken_for_a_whole_one(place: str, tmp_path: Path) -> None:
    """Every file in turn is the one after which the worker died; what is fetched is always whole."""
    here, store = trained(tmp_path / "here" / "0007", 1, 2), Store(place)
    TrialStorage(store).push(here, "k")
    before = {name: store.get(name) for name in store.sizes("trials")}
    trained(here, 3)
    TrialStorage(store).push(here, "k")
    after = {name: store.get(name) for name in store.sizes("trials")}
    changed = [name for name in sorted(after) if after[name] != before.get(name) and "manifest" not in name]
    assert len(changed) == 3
    for name in after.keys() - before.keys():
        store.remove(name)
    for name, content in before.items():
        store.put(name, content)
    for i, name in enumerate(changed):
        store.put(name, after[name])
        there = tmp_path / str(i) / "0007"
        assert TrialStorage(store).fetch_if_newer(there, "k")
        assert newest_epoch(there) == 2


@pytest.mark.parametrize("damage", [b"", b"flipped"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    place: str, tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(place)
    TrialStorage(store).push(trained(tmp_path / "here" / "0007", 1, 2), "k")
    store.put("trials/0007/checkpoint/e000002-r0/tensors.safetensors", damage)
    there = tmp_path / "there" / "0007"
    assert TrialStorage(store).fetch_if_newer(there, "k")
    assert newest_epoch(there) == 1
    assert "e000002-r0 of trial 0007 is not whole" in caplog.text


def test_a_damaged_manifest_is_none(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "shared"))
    TrialStorage(store).push(trained(tmp_path / "a" / "0007", 1), "k")
    text = store.get("trials/0007/manifest.json")
    for bad in (text.replace(b'"k"', b'"l"'), text[:-20], b"[]", b""):
        store.put("trials/0007/manifest.json", bad)
        assert not TrialStorage(store).fetch(tmp_path / "b" / "0007")


def test_a_hostile_manifest_writes_nothing_outside(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "shared"))
    content = b"evil"
    files = {
        name: {"sha256": tensor_folder.digest(content), "bytes": 4} for name in ("../out", "/tmp/x", "fine")
    }
    body = {"key": "k", "files": files}
    document = {**body, "sha256": tensor_folder.digest(tensor_folder.canonical_json(body))}
    store.put("trials/0007/manifest.json", tensor_folder.canonical_json(document))
    store.put("trials/0007/fine", content)
    store.put("trials/out", content)
    there = tmp_path / "there" / "0007"
    assert TrialStorage(store).fetch(there, "k")
    assert [path.name for path in (tmp_path / "there").rglob("*")] == ["0007", "fine"]


def test_a_worker_outlives_its_storage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Uploads fail while the place is a file; the first that works brings all."""
    (tmp_path / "shared").write_text("no folder")
    here = trained(tmp_path / "here" / "0007", 1)
    worker = WorkerStorage(str(tmp_path / "shared"), at_home=True)
    worker.push(here, {"trial": {}})
    assert "uploading to the storage failed" in caplog.text
    (tmp_path / "shared").unlink()
    worker.push(trained(here, 2), {"trial": {}})
    there = tmp_path / "there" / "0007"
    worker.fetch(there, {"trial": {}})
    assert newest_epoch(there) == 2


def test_a_foreign_node_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "node"))
    (tmp_path / "node").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    worker = WorkerStorage(str(tmp_path / "shared"), at_home=False)
    assert worker.scratch is not None
    assert worker.scratch.is_relative_to(tmp_path / "node")
    folder = trained(worker.scratch / "0007", 1)
    worker.push(folder, {"trial": {}})
    worker.leave(folder)
    assert list(worker.scratch.iterdir()) == []
    # On the driver's node the folder is the run's own.
    home = WorkerStorage(str(tmp_path / "shared"), at_home=True)
    mine = trained(tmp_path / "run" / "0007", 1)
    home.leave(mine)
    assert mine.exists()
