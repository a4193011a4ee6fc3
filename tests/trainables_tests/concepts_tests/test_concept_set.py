"""Sets by name, function, table and recipe: what is read, what is refused, what tells one from another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest
import torch

from trainables.concepts import computed
from trainables.concepts.concept_set import identity, tables, train_table
from trainables.concepts.table import as_table
from trainables.data.dataset import TensorSplit
from trainables.errors import DataError

VALUES = np.random.default_rng(0).normal(size=(20, 3))
IMAGES = torch.rand(20, 8, 8, generator=torch.Generator().manual_seed(0))
TRAIN = TensorSplit(IMAGES[:12], torch.arange(12) % 4)
VAL = TensorSplit(IMAGES[12:16], torch.arange(4))


def halves(split: TensorSplit) -> dict[str, np.ndarray]:
    """Ink of the upper and of the left half."""
    images = split.images.numpy()
    return {"ink/upper": images[:, :4].sum(axis=(1, 2)), "ink/left": images[:, :, :4].sum(axis=(1, 2))}


def broken(_split: TensorSplit) -> dict[str, np.ndarray]:
    """Cannot be had."""
    raise ZeroDivisionError("no strokes here")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (np.zeros((11, 2)), "11 rows, but there are 12 images"),
        (np.zeros(12), r"is float64 \(12,\)"),
        (np.zeros((12, 0)), r"is float64 \(12, 0\)"),
        (np.full((12, 2), "a"), "numbers"),
        (np.full((12, 2), np.nan), "0 has NaN or infinite values, the first for image 0"),
        (np.stack([np.arange(12), np.ones(12)], axis=1), "1 is the same for all images; leave it out"),
        ({"ink": np.arange(12), "name": ["a"] * 12}, "name is <U1"),
        ({"ink": np.arange(11)}, "ink has 11 rows, but there are 12 images"),
        ({}, "has no concept in it"),
    ],
)
def test_what_cannot_serve_is_refused_in_a_sentence(found: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        as_table(found, 12, "mine")


def test_the_same_table_from_every_kind_of_file(tmp_path: Path) -> None:
    names = ["ink", "ends/upper", "ends/lower"]
    np.savez(tmp_path / "t.npz", concepts=VALUES[:16], names=np.array(names))
    frame = pandas.DataFrame(VALUES[:16], columns=names)
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    for name in ("t.npz", "t.csv", "t.parquet"):
        train, val = tables(str(tmp_path / name), TRAIN, VAL, 16)
        assert train.names == tuple(names)
        np.testing.assert_allclose(train.values, VALUES[:12])
        np.testing.assert_allclose(val.values, VALUES[12:16])


def test_a_table_of_train_alone_supervises_and_does_not_measure(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", concepts=VALUES[:12])
    path = str(tmp_path / "t.npz")
    assert train_table(path, TRAIN, 20).values.shape == (12, 3)
    with pytest.raises(DataError, match="12 rows, train's only"):
        tables(path, TRAIN, VAL, 20)
    with pytest.raises(DataError, match="12 rows; there are 11 train images, and 20 with val and test"):
        train_table(path, TensorSplit(IMAGES[:11], torch.zeros(11, dtype=torch.int64)), 20)


def test_files_that_hold_no_table_are_refused(tmp_path: Path) -> None:
    damaged, other, words = tmp_path / "damaged.npz", tmp_path / "other.npz", tmp_path / "words.csv"
    damaged.write_bytes(b"PK\x03\x04 torn")
    np.savez(other, values=VALUES)
    words.write_text("ink,shape\n" + "1,round\n" * 12)
    for path, message in (
        (tmp_path / "gone.npz", "there is no concept table"),
        (tmp_path / "gone.csv", "there is no concept table"),
        (damaged, "not a readable"),
        (other, "no array concepts"),
        (words, "column shape holds 'round'; concepts are numbers"),
    ):
        with pytest.raises(DataError, match=message):
            train_table(str(path), TRAIN, 16)


def test_a_recipe_chooses_from_another_set(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", concepts=VALUES[:16], names=np.array(["ink", "ends/upper", "ends/lower"]))
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("concepts: t.npz\nwithout: [ends/lower]\n")
    assert tables(str(recipe), TRAIN, VAL, 16)[1].names == ("ink", "ends/upper")
    recipe.write_text("concepts: t.npz\nonly: [ends]\n")
    assert train_table(str(recipe), TRAIN, 16).names == ("ends/upper", "ends/lower")
    for text, message in (
        ("concepts: t.npz\nwithout: [end]\n", "no concept or group 'end'; groups: ink, ends"),
        ("concepts: t.npz\nwithout: [ink, ends]\n", "leaves no concept"),
        ("concepts: t.npz\nwith: [ink]\n", "unknown key 'with'"),
        ("without: [ink]\n", "must say `concepts: NAME`"),
        ("concepts: mine.yaml\n", "end in no set"),
    ):
        recipe.write_text(text)
        with pytest.raises(DataError, match=message):
            train_table(str(recipe), TRAIN, 16)


def test_a_function_gives_what_its_mapping_names() -> None:
    train, val = tables(f"{__name__}:halves", TRAIN, VAL)
    assert train.names == ("ink/upper", "ink/left")
    np.testing.assert_allclose(val.values[:, 0], VAL.images[:, :4].sum(dim=(1, 2)).numpy())
    with pytest.raises(DataError, match="broken raised ZeroDivisionError: no strokes here"):
        train_table(f"{__name__}:broken", TRAIN)


def test_what_took_long_is_kept_and_damage_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAE_SEARCH_CACHE", str(tmp_path / "stages"))
    monkeypatch.setattr(computed, "WORTH_KEEPING_S", -1.0)
    first = train_table("image_statistics", TRAIN)
    (kept,) = (tmp_path / "concepts").iterdir()
    monkeypatch.setattr(computed, "as_table", None)  # nobody computes it again
    np.testing.assert_array_equal(train_table("image_statistics", TRAIN).values, first.values)
    monkeypatch.undo()
    monkeypatch.setenv("SAE_SEARCH_CACHE", str(tmp_path / "stages"))
    with np.load(kept) as archive:
        arrays = dict(archive)
    np.savez(kept, **{**arrays, "values": arrays["values"] + 1})  # type: ignore[arg-type]
    np.testing.assert_array_equal(train_table("image_statistics", TRAIN).values, first.values)


def test_the_identity_follows_what_a_recipe_names(tmp_path: Path) -> None:
    recipe, table = tmp_path / "mine.yaml", tmp_path / "t.npz"
    recipe.write_text("concepts: t.npz\n")
    seen = []
    for number in (1.0, 2.0):
        np.savez(table, concepts=VALUES * number)
        seen.append(identity(str(recipe)))
    assert seen[0] != seen[1]
    assert identity("strokes") == {"concept_table": "strokes"}
    assert "concept_table code" in identity(f"{__name__}:halves")
