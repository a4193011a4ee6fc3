"""Files in MNIST's format: read right, and never trusted before they are checked."""

from __future__ import annotations

import gc
import gzip
import hashlib
import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from trainables.data import download as download_module
from trainables.data.dataset import Split, load_dataset, to_tensors
from trainables.data.families import FAMILIES, PARTS, Family
from trainables.data.idx_files import read_array
from trainables.data.location import find_root
from trainables.data.mnist_family import load_family
from trainables.errors import DataError

SMALL = Family("fashion_mnist", "FashionMNIST", 10, {"train": 50, "test": 20})


def idx(array: np.ndarray) -> bytes:
    dimensions = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + dimensions + array.astype(np.uint8).tobytes()


def planted(family: Family) -> dict[str, np.ndarray]:
    """Random images with random labels for all four files of `family`."""
    rng = np.random.default_rng(0)
    arrays = {}
    for file in family.files:
        shape = family.idx_shape(file)
        arrays[file] = rng.integers(0, 256 if len(shape) == 3 else family.n_classes, shape)
    return arrays


def write(root: Path, family: Family, packed: bool = False) -> Path:
    """The family's `raw` folder, filled."""
    raw = root / family.folder / "raw"
    raw.mkdir(parents=True)
    for file, array in planted(family).items():
        if packed:
            (raw / f"{file}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (raw / file).write_bytes(idx(array))
    return raw


def pairs(*splits: Split) -> list[tuple[bytes, int]]:
    return sorted(
        (np.rint(image * 255).astype(np.uint8).tobytes(), int(label))
        for split in splits
        for image, label in zip(split.images, split.labels, strict=True)
    )


def planted_pairs(family: Family, part: str) -> list[tuple[bytes, int]]:
    arrays = planted(family)
    images, labels = arrays[family.images_file(part)], arrays[family.labels_file(part)]  # type: ignore[arg-type]
    if family.transposed:
        images = images.transpose(0, 2, 1)
    return sorted(
        (image.astype(np.uint8).tobytes(), int(label)) for image, label in zip(images, labels, strict=True)
    )


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_image_arrives_in_its_part(tmp_path: Path, name: str, packed: bool) -> None:
    family = replace(FAMILIES[name], sizes=SMALL.sizes, sha256={})
    raw = write(tmp_path, family, packed)
    before = sorted(os.listdir(raw))
    parts = load_family(family, tmp_path)
    assert [len(split) for split in (parts.train, parts.val, parts.test)] == [30, 20, 20]
    assert pairs(parts.train, parts.val) == planted_pairs(family, "train")
    assert pairs(parts.test) == planted_pairs(family, "test")
    assert parts.n_classes == family.n_classes
    assert sorted(os.listdir(raw)) == before


@pytest.mark.parametrize("name", FAMILIES)
def test_the_table_agrees_with_torchvision(name: str) -> None:
    family = FAMILIES[name]
    torchvision_class = getattr(datasets, family.folder)
    if name == "emnist":
        assert len(torchvision_class.classes_split_dict["balanced"]) == family.n_classes
    else:
        assert len(torchvision_class.classes) == family.n_classes
        assert {f"{file}.gz" for file in family.files} == {file for file, _ in torchvision_class.resources}


def damage_truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def damage_header(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[7] += 1
    path.write_bytes(bytes(content))


def damage_unpackable(path: Path) -> None:
    path.rename(f"{path}.gz")


def damage_removed(path: Path) -> None:
    path.unlink()


DAMAGES = [damage_truncate, damage_empty, damage_append, damage_header, damage_unpackable, damage_removed]


@pytest.mark.parametrize("file", SMALL.files)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_told_with_its_mend(tmp_path: Path, damage: Callable[[Path], None], file: str) -> None:
    raw = write(tmp_path, SMALL)
    damage(raw / file)
    with pytest.raises(DataError) as raised:
        load_family(SMALL, tmp_path)
    for words in (str(raw / file), f"python -m trainables.data.download fashion_mnist --root {tmp_path}"):
        assert words in str(raised.value)
    if damage is not damage_removed:
        assert "expected: " in str(raised.value)
        assert "actual: " in str(raised.value)


def test_a_flipped_bit_is_seen_where_a_sum_is_pinned(tmp_path: Path) -> None:
    raw = write(tmp_path, SMALL)
    pinned = replace(
        SMALL, sha256={f: hashlib.sha256((raw / f).read_bytes()).hexdigest() for f in SMALL.files}
    )
    load_family(pinned, tmp_path)
    for file in SMALL.files:
        content = bytearray((raw / file).read_bytes())
        content[-1] ^= 1
        (raw / file).write_bytes(bytes(content))
        actual = hashlib.sha256(content).hexdigest()
        with pytest.raises(DataError) as raised:
            read_array(tmp_path, pinned, file)
        assert pinned.sha256[file] in str(raised.value)
        assert actual in str(raised.value)


def test_mnist_s_own_sums_are_pinned(tmp_path: Path) -> None:
    family = FAMILIES["mnist"]
    assert set(family.sha256) == set(family.files)
    file = family.labels_file("test")
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    (raw / file).write_bytes(idx(np.zeros(10_000)))
    with pytest.raises(DataError, match=family.sha256[file]):
        read_array(tmp_path, family, file)


def test_labels_beyond_the_classes_are_refused(tmp_path: Path) -> None:
    raw = write(tmp_path, SMALL)
    (raw / SMALL.labels_file("test")).write_bytes(idx(np.full(20, 10)))
    with pytest.raises(DataError, match="label 10"):
        load_family(SMALL, tmp_path)


def test_the_root_is_the_argument_then_the_variable_then_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAE_SEARCH_DATA", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert find_root(tmp_path / "given").root == tmp_path / "given"
    assert find_root().root == tmp_path / "named"
    assert not find_root().is_cache
    monkeypatch.delenv("SAE_SEARCH_DATA")
    assert find_root().root == tmp_path / "cache" / "sae-search" / "data"
    assert find_root().is_cache
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_root().root == tmp_path / ".cache" / "sae-search" / "data"


@pytest.mark.parametrize("through", ["argument", "variable"])
def test_a_named_folder_is_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, through: str
) -> None:
    monkeypatch.setenv("SAE_SEARCH_DATA", str(tmp_path))
    with pytest.raises(DataError, match="not complete"):
        load_dataset("mnist", root=tmp_path if through == "argument" else None)
    assert list(tmp_path.iterdir()) == []


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of packed files behind a real server, and torchvision's FashionMNIST pointed at it."""
    served = write(tmp_path / "served", SMALL, packed=True)
    handler = partial(QuietHandler, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        sums = [
            (f"{file}.gz", hashlib.md5((served / f"{file}.gz").read_bytes()).hexdigest())
            for file in SMALL.files
        ]
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(datasets.FashionMNIST, "resources", sums)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.delenv("SAE_SEARCH_DATA", raising=False)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield served
        server.shutdown()
        thread.join()
    # What torchvision left open is to be found while its warning is still expected.
    gc.collect()


# torchvision does not close the connection of an answer 404.
leaves_a_socket_open = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_the_cache_fills_itself_once(mirror: Path) -> None:
    parts = load_family(SMALL)
    assert pairs(parts.train, parts.val) == planted_pairs(SMALL, "train")
    shutil.rmtree(mirror)
    assert pairs(load_family(SMALL).test) == pairs(parts.test)
    assert sorted(os.listdir(find_root().root)) == ["FashionMNIST"]


@leaves_a_socket_open
def test_a_failed_download_says_what_else_to_do_and_leaves_nothing(mirror: Path) -> None:
    (mirror / f"{SMALL.files[-1]}.gz").unlink()
    with pytest.raises(DataError) as raised:
        load_family(SMALL)
    for words in ("could not be downloaded", "SAE_SEARCH_DATA", "python -m trainables.data.download"):
        assert words in str(raised.value)
    assert list((find_root().root / "FashionMNIST" / "raw").iterdir()) == []


@pytest.mark.usefixtures("mirror")
def test_the_command_mends_a_damaged_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(download_module, "FAMILIES", {"fashion_mnist": SMALL})
    root = tmp_path / "own"
    raw = write(root, SMALL)
    damage_truncate(raw / SMALL.files[0])
    assert download_module.main(["fashion_mnist", "--root", str(root)]) == 0
    assert capsys.readouterr().out.strip() == str(raw)
    assert pairs(load_family(SMALL, root).test) == planted_pairs(SMALL, "test")


@leaves_a_socket_open
def test_the_command_fails_with_7(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(download_module, "FAMILIES", {"fashion_mnist": SMALL})
    shutil.rmtree(mirror)
    assert download_module.main(["fashion_mnist", "--root", str(tmp_path / "own")]) == 7
    assert "could not be downloaded" in capsys.readouterr().err


@pytest.mark.skipif("SAE_SEARCH_DATA" not in os.environ, reason="SAE_SEARCH_DATA names no folder with MNIST")
def test_mnist_itself() -> None:
    data = load_dataset("mnist", limit=2000)
    assert data.key == "1d57b82a9521fc5e000cf5d8cae775fd020132cef6bb30d8d802ed3024c246b8"
    assert (data.n_classes, data.image_shape) == (10, (28, 28))
    assert to_tensors(data).train.images.shape == (2000, 28, 28)
    whole = load_family(FAMILIES["mnist"])
    assert [len(split) for split in (whole.train, whole.val, whole.test)] == [50_000, 10_000, 10_000]
    # The published mean and deviation of the 60,000 training images.
    both = np.concatenate([whole.train.images, whole.val.images])
    assert both.mean(dtype=np.float64) == pytest.approx(0.1307, abs=1e-4)
    assert both.std(dtype=np.float64) == pytest.approx(0.3081, abs=1e-4)
    for part in PARTS:
        assert FAMILIES["mnist"].images_file(part) in FAMILIES["mnist"].sha256


def test_classes_are_called_what_torchvision_calls_them() -> None:
    assert FAMILIES["fashion_mnist"].class_names == tuple(datasets.FashionMNIST.classes)
    assert FAMILIES["kmnist"].class_names == tuple(datasets.KMNIST.classes)
    assert sorted(FAMILIES["emnist"].class_names) == sorted(datasets.EMNIST.classes_split_dict["balanced"])
